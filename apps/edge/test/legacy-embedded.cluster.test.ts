import { startEmbedded } from './support/target-embedded.ts';
import { legacyTranscripts } from './transcripts/legacy-transcripts.ts';

legacyTranscripts('an embedded node', startEmbedded);
