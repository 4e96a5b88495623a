import { groupChangeContract } from './group-change-contract.ts';
import { groupRepeatContract } from './group-repeat-contract.ts';
import type { OpenHarness } from './store-harness.ts';

/** What every `GroupStore` must do (G2, G3, G7, G8). `open` gives a fresh store; several are opened. */
export function groupStoreContract(name: string, open: OpenHarness): void {
  groupChangeContract(name, open);
  groupRepeatContract(name, open);
}
