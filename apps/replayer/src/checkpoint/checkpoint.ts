// A checkpoint: the ledger after one block, as a value, and what its files are called.

import type { BlockRef, GlobalSlotSinceGenesis, LedgerHash } from "@forklift/chain";
import { encodeAccounts, encodeOnThread, type Ledger, type LedgerTree } from "@forklift/ledger";

/** Pieces of the JSON list of accounts, in ledger order; they are read once. */
export type EncodedAccounts = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Everything that is written of it. */
export interface Checkpoint extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** The pre-fork ledger hash, of depth 20. */
  readonly ledgerHash: LedgerHash;
  /** The ledger hash that the hard fork gives the same accounts, of depth 35. */
  readonly berkeleyLedgerHash: LedgerHash;
  readonly accountCount: number;
  readonly accounts: EncodedAccounts;
  /** The pre-fork hashes of the accounts, 32 bytes each, in their order. */
  readonly leafHashes: Uint8Array;
}

interface FollowedLedger {
  readonly ledger: Ledger;
  readonly tree: LedgerTree;
  readonly isBeside: boolean;
}

type CheckpointBlock = Pick<Checkpoint, "height" | "stateHash" | "globalSlotSinceGenesis">;

/** Nothing may change the ledger until the accounts are read. */
export function checkpointOf(block: CheckpointBlock, ledger: Ledger): Checkpoint {
  return {
    ...refOf(block),
    ledgerHash: ledger.ledgerHash(),
    berkeleyLedgerHash: ledger.berkeleyLedgerHash(),
    accountCount: ledger.accountCount,
    accounts: encodeAccounts(ledger.accounts()),
    leafHashes: ledger.leafHashes(),
  };
}

/**
 * The same of the ledger as it stands at the call, with hashes of the tree that follows it.
 * @param isBeside whether the ledger goes on meanwhile: its accounts are copied, 176 bytes each, and encoded on
 * a thread.
 */
export async function checkpointOfTree(
  block: CheckpointBlock,
  { ledger, tree, isBeside }: FollowedLedger,
): Promise<Checkpoint> {
  const { accountCount } = ledger;
  const accounts = isBeside
    ? encodeOnThread(ledger.table.records())
    : encodeAccounts(ledger.accounts());
  const [ledgerHash, berkeleyLedgerHash, leafHashes] = await Promise.all([
    tree.ledgerHash(),
    tree.berkeleyLedgerHash(),
    tree.leafHashes(),
  ]);
  const hashes = { ledgerHash, berkeleyLedgerHash, leafHashes };
  return { ...refOf(block), ...hashes, accountCount, accounts };
}

function refOf({ height, stateHash, globalSlotSinceGenesis }: CheckpointBlock): CheckpointBlock {
  return { height, stateHash, globalSlotSinceGenesis };
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

/** The file beside a checkpoint that holds what the official format has no field for. */
export function metaName(checkpoint: string): string {
  return checkpoint.replace(/(\.json)?$/, ".meta.json");
}
