// Loads a checkpoint file, ours or an official one, account by account, whatever block it stands on.

import { createHash } from "node:crypto";
import {
  type Account,
  FIELD_BYTES,
  FormatError,
  type GlobalSlotSinceGenesis,
  type LedgerHash,
  parseLedgerHash,
} from "@forklift/chain";
import {
  isWinnerLeftOut,
  LEGACY_TREE_RULES,
  Ledger,
  LedgerJson,
  listedAccounts,
  nameDocument,
  otherDocument,
} from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";
import { hashLedger, type Inform } from "../ledger/hash-ledger.ts";
import type { CheckpointMeta } from "./checkpoint-meta.ts";
import { startSlotOf } from "./listed-ledger.ts";
import { type CheckpointLocation, readMeta } from "./read-meta.ts";

/** The official reader refuses every other key here. */
const TOP_LEVEL_KEYS: readonly string[] = [
  "target_epoch_ledgers_state_hash",
  "start_slot_since_genesis",
  "genesis_ledger",
  "first_pass_ledger_hashes",
  "last_snarked_ledger_hash",
];

export interface LoadedCheckpoint {
  /** The first slot whose blocks are still to be replayed. */
  readonly startSlot: GlobalSlotSinceGenesis;
  /** Hashed under the pre-fork rules: from the meta file's leaf hashes, else account by account. */
  readonly ledger: Ledger;
  /** The Berkeley ledger hash that the file names; nobody has compared it with the accounts. */
  readonly statedHash: LedgerHash | null;
  /** Null for an official checkpoint, which has no meta file. */
  readonly meta: CheckpointMeta | null;
  /** Whether the file leaves the genesis winner to its reader; a meta file shows that it is listed. */
  readonly isWinnerLeftOut: boolean;
}

export interface LoadOptions {
  /** Comes first where the file does not list it; null takes the accounts as they are listed. */
  readonly winner: Account | null;
  readonly inform: Inform;
}

/** @throws SourceDataError when the file is missing, truncated, malformed or does not fit. */
export async function loadCheckpoint(
  place: CheckpointLocation,
  { winner, inform }: LoadOptions,
): Promise<LoadedCheckpoint> {
  const where = `checkpoint ${place.store.url}/${place.name}`;
  const body = await place.store.open(place.name);
  if (body === null) {
    throw new SourceDataError(`${where} does not exist`, {
      hint: "forklift checkpoint ls URL lists the checkpoints of a store",
    });
  }
  const sha256 = createHash("sha256");
  const { ledger, startSlot, statedHash, leavesWinner } = await decodeOrRefuse(where, async () => {
    const json = new LedgerJson(hashed(body.stream, sha256));
    const accounts = new Ledger();
    for await (const account of listedAccounts(json, winner)) accounts.append(account);
    const rest = json.rest();
    return {
      ledger: accounts,
      ...decodeRest(rest),
      leavesWinner: winner === null && isWinnerLeftOut(rest, json.accountCount),
    };
  });
  const meta = await readMeta(place);
  if (meta === null) {
    await hashLedger(ledger, LEGACY_TREE_RULES, { what: where, inform });
    return { startSlot, ledger, statedHash, meta, isWinnerLeftOut: leavesWinner };
  }
  requireFits(meta, { where, sha256: sha256.digest("hex"), startSlot, ledger });
  const { leafHashes, ...head } = meta;
  ledger.buildOn(leafHashes);
  return { startSlot, ledger, statedHash, meta: head, isWinnerLeftOut: false };
}

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

async function decodeOrRefuse<Value>(where: string, decode: () => Promise<Value>): Promise<Value> {
  try {
    return await decode();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(`${where} is torn or no checkpoint: ${cause.message}`, {
      cause,
      hint: cause.hint ?? "use an older checkpoint, or resume from the database without one",
    });
  }
}

/** Everything but the accounts. */
function decodeRest(json: Readonly<Record<string, unknown>>) {
  const named = nameDocument(json);
  if (named !== null && json["genesis_ledger"] === undefined) {
    const hint =
      named.hint ?? "forklift checkpoint convert FILE NEW makes a checkpoint of a ledger";
    throw otherDocument({ ...named, hint }, "a checkpoint");
  }
  const unknown = Object.keys(json).find((key) => !TOP_LEVEL_KEYS.includes(key));
  if (unknown !== undefined) {
    throw new FormatError(`it has the key "${unknown}", expected ${TOP_LEVEL_KEYS.join(", ")}`);
  }
  const ledger = json["genesis_ledger"] as Readonly<Record<string, unknown>> | undefined;
  if (ledger === undefined) throw new FormatError('key "genesis_ledger" is missing');
  const hash = ledger["hash"] ?? null;
  return {
    startSlot: startSlotOf(json),
    statedHash: hash === null ? null : parseLedgerHash(String(hash)),
  };
}

function requireFits(
  meta: CheckpointMeta & { readonly leafHashes: Uint8Array },
  found: {
    readonly where: string;
    readonly sha256: string;
    readonly startSlot: GlobalSlotSinceGenesis;
    readonly ledger: Ledger;
  },
): void {
  const { where, sha256, startSlot, ledger } = found;
  const hint = "the checkpoint is torn or was altered; use an older one";
  if (sha256 !== meta.checkpointSha256) {
    throw new SourceDataError(
      `${where} has SHA-256 ${sha256}, its meta file says ${meta.checkpointSha256}`,
      { hint },
    );
  }
  if (startSlot !== meta.globalSlotSinceGenesis + 1n) {
    throw new SourceDataError(
      `${where} begins at slot ${startSlot}, its meta file ends at slot ` +
        `${meta.globalSlotSinceGenesis}`,
      { hint },
    );
  }
  const leafCount = meta.leafHashes.length / FIELD_BYTES;
  if (leafCount === ledger.accountCount) return;
  throw new SourceDataError(
    `${where} has ${ledger.accountCount} accounts, its meta file ${leafCount} leaf hashes`,
    { hint },
  );
}
