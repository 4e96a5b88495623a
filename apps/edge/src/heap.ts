import { setFlagsFromString } from 'node:v8';

/**
 * Where objects of an allocation site were seen to survive, V8 makes later ones in the old generation at once ("pretenuring"). A page of backlog survives
 * while its slow client is waited for; from then on V8 made every message old, and they piled up as garbage until the next full collection: about one
 * node in five grew by 75 MiB over 100,000 pending messages, the others by 20. What passes through a node is short-lived, so the guess is switched off.
 */
export function keepPassingDataYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
