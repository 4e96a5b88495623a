import { markThinningCases } from './mark-thinning-cases.ts';
import { openMysqlHarness } from './mysql-harness.ts';

markThinningCases('MySQL', openMysqlHarness);
