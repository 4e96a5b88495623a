export { busContract } from './bus-contract.ts';
export { type BusFaults, type BusHarness, type BusNode, RecordedEvents, sortedIds } from './bus-harness.ts';
export { directoryContract } from './directory-contract.ts';
export { FakeClock } from './fake-clock.ts';
export { Random, testSeed } from './random.ts';
