import { busContract, directoryContract } from '@parley/core/testing';
import { createRedisHarness } from './redis-harness.ts';

busContract('Redis', createRedisHarness, true);
directoryContract('Redis', createRedisHarness, true);
