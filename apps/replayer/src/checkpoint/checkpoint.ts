// A checkpoint: the ledger after one block, as a value, and what its files are called.

import type { Account, BlockRef, GlobalSlotSinceGenesis, LedgerHash } from "@forklift/chain";
import type { Ledger, LedgerTree } from "@forklift/ledger";

/** Everything that is written of it. The accounts are read once, while nothing changes them. */
export interface Checkpoint extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** The pre-fork ledger hash, of depth 20. */
  readonly ledgerHash: LedgerHash;
  /** The ledger hash that the hard fork gives the same accounts, of depth 35. */
  readonly berkeleyLedgerHash: LedgerHash;
  readonly accountCount: number;
  /** In ledger order. */
  readonly accounts: Iterable<Account>;
  /** The pre-fork hashes of the accounts, 32 bytes each, in their order. */
  readonly leafHashes: Uint8Array;
}

type CheckpointBlock = Pick<Checkpoint, "height" | "stateHash" | "globalSlotSinceGenesis">;

/** @param hashes of that very ledger: itself, or the tree that another thread keeps of it. */
export async function checkpointOf(
  { height, stateHash, globalSlotSinceGenesis }: CheckpointBlock,
  ledger: Ledger,
  hashes:
    | Pick<Ledger, "ledgerHash" | "berkeleyLedgerHash" | "leafHashes">
    | Pick<LedgerTree, "ledgerHash" | "berkeleyLedgerHash" | "leafHashes"> = ledger,
): Promise<Checkpoint> {
  return {
    height,
    stateHash,
    globalSlotSinceGenesis,
    ledgerHash: await hashes.ledgerHash(),
    berkeleyLedgerHash: await hashes.berkeleyLedgerHash(),
    accountCount: ledger.accountCount,
    accounts: ledger.accounts(),
    leafHashes: await hashes.leafHashes(),
  };
}

/** `{network}-checkpoint-{S}.json`, S being the slot after the last replayed block's. */
export function checkpointName(network: string, slot: GlobalSlotSinceGenesis): string {
  return `${network}-checkpoint-${slot + 1n}.json`;
}

/** What a checkpoint's name says. */
export interface CheckpointName {
  readonly network: string;
  /** The first slot whose blocks are still to be replayed. */
  readonly startSlot: bigint;
}

/** Null for any other name. */
export function parseCheckpointName(name: string): CheckpointName | null {
  const match = /^([a-z0-9][a-z0-9-]*)-checkpoint-([0-9]{1,10})\.json$/.exec(name);
  return match === null ? null : { network: match[1]!, startSlot: BigInt(match[2]!) };
}

/** The file beside a checkpoint that holds what the official format has no place for. */
export function metaName(checkpoint: string): string {
  return checkpoint.replace(/(\.json)?$/, ".meta.json");
}
