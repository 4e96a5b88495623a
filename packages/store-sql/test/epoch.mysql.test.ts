import { epochCases } from './epoch-cases.ts';
import { TestDatabase } from './mysql-harness.ts';

epochCases('MySQL', async () => {
  const database = new TestDatabase();
  return { stores: await database.open(), another: await database.open(), close: () => database.drop() };
});
