import { messageAppendContract } from './message-append-contract.ts';
import { messageIdempotenceContract } from './message-idempotence-contract.ts';
import { messageReadContract } from './message-read-contract.ts';
import type { OpenHarness } from './store-harness.ts';

/** What every `MessageStore` must do (G1, G2, G3, G7, G8). `open` gives a fresh store; several are opened. */
export function messageStoreContract(name: string, open: OpenHarness): void {
  messageAppendContract(name, open);
  messageIdempotenceContract(name, open);
  messageReadContract(name, open);
}
