/**
 * DDL that is harmless when it is run a second time, in the syntax that MySQL and MariaDB share: `ADD COLUMN IF NOT EXISTS` is MariaDB's alone. Each is
 * several statements for one session.
 */
export const addColumn = (table: string, column: string, definition: string): readonly string[] =>
  unless(
    `information_schema.columns WHERE table_schema = DATABASE() AND table_name = '${table}' AND column_name = '${column}'`,
    `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`,
  );

export const addIndex = (table: string, index: string, columns: string): readonly string[] =>
  unless(
    `information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '${table}' AND index_name = '${index}'`,
    `CREATE INDEX ${index} ON ${table} (${columns})`,
  );

const unless = (found: string, ddl: string): readonly string[] => [
  `SET @parley_ddl = IF(EXISTS(SELECT 1 FROM ${found}), 'DO 0', '${ddl.replaceAll("'", "''")}')`,
  'PREPARE parley_ddl FROM @parley_ddl',
  'EXECUTE parley_ddl',
  'DEALLOCATE PREPARE parley_ddl',
];
