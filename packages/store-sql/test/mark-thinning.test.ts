import { markThinningCases } from './mark-thinning-cases.ts';
import { openSqliteHarness } from './sqlite-harness.ts';

markThinningCases('SQLite', openSqliteHarness);
