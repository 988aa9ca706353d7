// Reads a checkpoint, ours or an official one, and finds the block of the target that it stands on.

import { createHash } from "node:crypto";
import { type Account, FormatError, parseGlobalSlotSinceGenesis } from "@forklift/chain";
import { decodeGenesisLedger, Ledger } from "@forklift/ledger";
import type { Network } from "@forklift/network";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { readAll, type Store } from "@forklift/storage";
import { findBlockAtOrBelow, type TargetBlock } from "../target-blocks.ts";
import { type Checkpoint, metaName } from "./checkpoint.ts";
import { type CheckpointMeta, decodeMeta } from "./checkpoint-meta.ts";

/** 300,000 accounts have some 200 MB; a larger file is not a checkpoint of this network. */
const CHECKPOINT_BYTES_MAX = 2 * 1024 * 1024 * 1024 - 1;

export interface CheckpointPlace {
  readonly store: Store;
  readonly name: string;
}

/**
 * @throws SourceDataError when the file is missing, torn or malformed, or when it does not belong to
 * the database at hand: its ledger hash must be that of the block it stands on.
 */
export async function readCheckpoint(
  target: Session,
  network: Network,
  { store, name }: CheckpointPlace,
): Promise<Checkpoint> {
  const where = `checkpoint ${store.url}/${name}`;
  const text = await readObject(store, name);
  if (text === null) throw new SourceDataError(`${where} does not exist`);
  const { startSlot, accounts } = decodeCheckpoint(text, network, where);
  const meta = await readMeta(store, metaName(name), where);
  if (meta !== null) requireMetaFits(meta, text, { network, where });

  const block = await findBlockAtOrBelow(target, startSlot - 1n);
  if (meta !== null && meta.stateHash !== block?.stateHash) {
    throw foreign(where, `it stands on ${meta.stateHash} at height ${meta.height}`, block);
  }
  if (block === null) throw foreign(where, `it ends before slot ${startSlot}`, block);
  const ledger =
    meta === null ? new Ledger(accounts) : Ledger.fromLeafHashes(accounts, meta.leafHashes);
  const ledgerHash = ledger.ledgerHash();
  if (ledgerHash !== block.ledgerHash && !network.ledgerHashExceptions.has(block.stateHash)) {
    throw foreign(where, `its ledger hash is ${ledgerHash}`, block);
  }
  return { ...block, ledgerHash, ledger };
}

function decodeCheckpoint(text: Buffer, network: Network, where: string) {
  try {
    const json = JSON.parse(text.toString("utf8")) as Record<string, unknown> | null;
    const startSlot = parseGlobalSlotSinceGenesis(String(json?.["start_slot_since_genesis"] ?? 0));
    const accounts: Account[] = decodeGenesisLedger(json, network.genesis.winner);
    return { startSlot, accounts };
  } catch (cause) {
    if (!(cause instanceof FormatError || cause instanceof SyntaxError)) throw cause;
    throw new SourceDataError(`${where} is torn or no checkpoint: ${cause.message}`, {
      cause,
      hint: "use an older checkpoint, or replay from the genesis ledger",
    });
  }
}

async function readMeta(store: Store, name: string, where: string): Promise<CheckpointMeta | null> {
  const text = await readObject(store, name);
  if (text === null) return null;
  try {
    return decodeMeta(text.toString("utf8"));
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(`the meta file of ${where} is torn: ${cause.message}`, {
      cause,
      hint: `remove ${name} to load the checkpoint by rehashing its ledger`,
    });
  }
}

function requireMetaFits(
  meta: CheckpointMeta,
  text: Buffer,
  { network, where }: { readonly network: Network; readonly where: string },
): void {
  if (meta.network !== network.name) {
    throw new SourceDataError(`${where} is of network ${meta.network}, expected ${network.name}`);
  }
  const sha256 = createHash("sha256").update(text).digest("hex");
  if (sha256 !== meta.checkpointSha256) {
    throw new SourceDataError(
      `${where} has SHA-256 ${sha256}, its meta file says ${meta.checkpointSha256}`,
      { hint: "the checkpoint is torn or was altered; use an older one" },
    );
  }
}

function foreign(where: string, what: string, block: TargetBlock | null): SourceDataError {
  const found =
    block === null
      ? "which the target does not reach"
      : `but block ${block.stateHash} at height ${block.height} of the target has ledger hash ` +
        block.ledgerHash;
  return new SourceDataError(`${where} does not belong to this database: ${what}, ${found}`, {
    hint: "give the checkpoint that was published with this database",
  });
}

async function readObject(store: Store, name: string): Promise<Buffer | null> {
  const body = await store.open(name);
  return body === null ? null : await readAll(body, CHECKPOINT_BYTES_MAX);
}
