import { badInputSuite } from './bad-input/bad-input-suite.ts';
import { startThreeNodes } from './support/target-cluster.ts';
import { startEmbedded } from './support/target-embedded.ts';

badInputSuite('an embedded node', startEmbedded);
badInputSuite('three nodes', startThreeNodes);
