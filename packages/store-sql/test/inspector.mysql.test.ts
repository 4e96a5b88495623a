import { inspectorCases } from './inspector-cases.ts';
import { TestDatabase } from './mysql-harness.ts';

inspectorCases('MySQL', async () => {
  const database = new TestDatabase();
  return { stores: await database.open(), close: () => database.drop() };
});
