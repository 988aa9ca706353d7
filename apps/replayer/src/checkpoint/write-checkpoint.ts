// Writes a checkpoint in the official JSON format, and beside it a meta file with what is ours.

import { jsonNumber, type LedgerHash } from "@forklift/chain";
import type { Store, WrittenObject } from "@forklift/storage";
import { type Checkpoint, checkpointName, type EncodedAccounts, metaName } from "./checkpoint.ts";
import { encodeMeta } from "./checkpoint-meta.ts";

export interface WrittenCheckpoint {
  readonly checkpoint: WrittenObject;
  readonly meta: WrittenObject;
}

/** The meta file comes last: a checkpoint without one is whole, only slower to load. */
export async function writeCheckpoint(
  store: Store,
  network: string,
  checkpoint: Checkpoint,
): Promise<WrittenCheckpoint> {
  const name = checkpointName(network, checkpoint.globalSlotSinceGenesis);
  return await writeCheckpointAs({ store, name }, network, checkpoint);
}

/** The same under a name of the caller's choice. */
export async function writeCheckpointAs(
  { store, name }: { readonly store: Store; readonly name: string },
  network: string,
  checkpoint: Checkpoint,
): Promise<WrittenCheckpoint> {
  const startSlot = checkpoint.globalSlotSinceGenesis + 1n;
  const { berkeleyLedgerHash, accountCount, accounts } = checkpoint;
  const listed = { hash: berkeleyLedgerHash, accountCount, accounts };
  const written = await store.write(name, checkpointChunks(startSlot, listed));
  const meta = await store.write(metaName(name), inTurn(encodeMeta(network, checkpoint, written)));
  return { checkpoint: written, meta };
}

/** Whether both files of the checkpoint after a block are there; nothing is read of them. */
export async function hasCheckpoint(
  store: Store,
  network: string,
  { globalSlotSinceGenesis }: Pick<Checkpoint, "globalSlotSinceGenesis">,
): Promise<boolean> {
  const name = checkpointName(network, globalSlotSinceGenesis);
  const missing = new Set([name, metaName(name)]);
  for await (const stored of store.list(name.replace(/json$/, ""))) missing.delete(stored.name);
  return missing.size === 0;
}

/** A list of accounts that is to be written. */
export interface ListedLedger {
  /** The Berkeley ledger hash; null leaves it out. */
  readonly hash: LedgerHash | null;
  readonly accountCount: number;
  readonly accounts: EncodedAccounts;
}

/** Official keys only: the official reader refuses unknown ones at the top level. */
export async function* checkpointChunks(
  startSlot: bigint,
  ledger: ListedLedger,
): AsyncGenerator<Uint8Array> {
  const head = {
    target_epoch_ledgers_state_hash: null,
    start_slot_since_genesis: jsonNumber(startSlot),
  };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},\n"genesis_ledger":`);
  yield* ledgerChunks(ledger);
  yield Buffer.from(',\n"first_pass_ledger_hashes":[],"last_snarked_ledger_hash":null}\n');
}

/** The ledger of a runtime configuration, and nothing else of it. */
export async function* configurationChunks(ledger: ListedLedger): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"ledger":');
  yield* ledgerChunks(ledger);
  yield Buffer.from("}\n");
}

/** What is to be known of the accounts stands before them, for readers that take one at a time. */
async function* ledgerChunks({
  hash,
  accountCount,
  accounts,
}: ListedLedger): AsyncGenerator<Uint8Array> {
  const head = {
    ...(hash === null ? {} : { hash }),
    num_accounts: accountCount,
    add_genesis_winner: true,
  };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"accounts":[\n`);
  yield* accounts;
  yield Buffer.from("\n]}");
}

async function* inTurn(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
