// Writes a checkpoint in the official JSON format, and beside it a meta file with what is ours.

import { jsonNumber } from "@forklift/chain";
import { encodeAccount, type Ledger } from "@forklift/ledger";
import type { Store, WrittenObject } from "@forklift/storage";
import { type Checkpoint, checkpointName, metaName } from "./checkpoint.ts";
import { encodeMeta } from "./checkpoint-meta.ts";

/** Accounts that are joined before they are handed to the store: some 0.5 MB of JSON. */
const CHUNK_ACCOUNTS = 500;

/** The meta file comes last: a checkpoint without one is whole, only slower to load. */
export async function writeCheckpoint(
  store: Store,
  network: string,
  checkpoint: Checkpoint,
): Promise<{ readonly checkpoint: WrittenObject; readonly meta: WrittenObject }> {
  const name = checkpointName(network, checkpoint.globalSlotSinceGenesis);
  const written = await store.write(name, checkpointChunks(checkpoint));
  const meta = await store.write(metaName(name), encodeMeta(network, checkpoint, written));
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

/** Official keys only: the official reader refuses unknown ones at the top level. */
async function* checkpointChunks({ ledger, globalSlotSinceGenesis }: Checkpoint) {
  const head = {
    target_epoch_ledgers_state_hash: null,
    start_slot_since_genesis: jsonNumber(globalSlotSinceGenesis + 1n),
  };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},\n"genesis_ledger":{"accounts":[\n`);
  yield* accountChunks(ledger);
  const tail = `],\n"num_accounts":${ledger.accountCount},"add_genesis_winner":true},\n`;
  yield Buffer.from(`${tail}"first_pass_ledger_hashes":[],"last_snarked_ledger_hash":null}\n`);
}

async function* accountChunks(ledger: Ledger): AsyncGenerator<Uint8Array> {
  let lines: string[] = [];
  let separator = "";
  for (const account of ledger.accounts()) {
    lines.push(separator + JSON.stringify(encodeAccount(account)));
    separator = ",\n";
    if (lines.length === CHUNK_ACCOUNTS) {
      yield Buffer.from(lines.join(""));
      lines = [];
    }
  }
  yield Buffer.from(`${lines.join("")}\n`);
}
