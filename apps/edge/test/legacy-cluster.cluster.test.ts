import { startThreeNodes } from './support/target-cluster.ts';
import { environmentTranscripts } from './transcripts/environment.ts';
import { legacyTranscripts } from './transcripts/legacy-transcripts.ts';

legacyTranscripts('three nodes', startThreeNodes, environmentTranscripts);
