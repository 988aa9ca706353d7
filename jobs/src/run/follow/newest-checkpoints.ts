// Every cycle leaves the checkpoint of its last block. Of them the next cycle needs one, and another in case
// that one is torn.

import { metaName, parseCheckpointName } from "@forklift/replayer";
import type { Store } from "@forklift/storage";

const KEPT = 2;

export async function keepNewestCheckpoints(store: Store, network: string): Promise<void> {
  const found: { readonly name: string; readonly startSlot: bigint }[] = [];
  for await (const { name } of store.list(`${network}-checkpoint-`)) {
    const parsed = parseCheckpointName(name);
    if (parsed !== null) found.push({ name, startSlot: parsed.startSlot });
  }
  found.sort((a, b) => (a.startSlot < b.startSlot ? 1 : -1));
  for (const { name } of found.slice(KEPT)) {
    await store.remove(name);
    await store.remove(metaName(name));
  }
}
