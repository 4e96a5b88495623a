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
  unless(indexNamed(table, index), `CREATE INDEX ${index} ON ${table} (${columns})`);

export const dropIndex = (table: string, index: string): readonly string[] =>
  choose(indexNamed(table, index), `DROP INDEX ${index} ON ${table}`, 'DO 0');

const indexNamed = (table: string, index: string): string =>
  `information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '${table}' AND index_name = '${index}'`;

const unless = (found: string, ddl: string): readonly string[] => choose(found, 'DO 0', ddl);

const choose = (found: string, present: string, absent: string): readonly string[] => [
  `SET @parley_ddl = IF(EXISTS(SELECT 1 FROM ${found}), ${literal(present)}, ${literal(absent)})`,
  'PREPARE parley_ddl FROM @parley_ddl',
  'EXECUTE parley_ddl',
  'DEALLOCATE PREPARE parley_ddl',
];

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
