// A checkpoint: the ledger after one block, as a value.

import type { BlockRef, GlobalSlotSinceGenesis, LedgerHash } from "@forklift/chain";
import type { Ledger } from "@forklift/ledger";

export interface Checkpoint extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** The pre-fork ledger hash, of depth 20. */
  readonly ledgerHash: LedgerHash;
  readonly ledger: Ledger;
}

/** `{network}-checkpoint-{S}.json`, S being the slot after the last replayed block's. */
export function checkpointName(network: string, slot: GlobalSlotSinceGenesis): string {
  return `${network}-checkpoint-${slot + 1n}.json`;
}

/** The slot in a checkpoint's name; null for any other name. */
export function startSlotOf(network: string, name: string): bigint | null {
  const prefix = `${network}-checkpoint-`;
  if (!name.startsWith(prefix)) return null;
  const match = /^([0-9]{1,10})\.json$/.exec(name.slice(prefix.length));
  return match === null ? null : BigInt(match[1]!);
}

/** The file beside a checkpoint that holds what the official format has no place for. */
export function metaName(checkpoint: string): string {
  return checkpoint.replace(/\.json$/, ".meta.json");
}
