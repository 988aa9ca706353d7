// The meta file of a checkpoint: which block it stands on, both ledger hashes, and the leaf hashes that
// spare a rehash. Everything but those stands in its first line.

import {
  type BlockRef,
  FIELD_BYTES,
  FormatError,
  type GlobalSlotSinceGenesis,
  jsonNumber,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
  parseJson,
  parseLedgerHash,
  parseStateHash,
  parseUnsigned,
  requireFieldBytes,
  UINT32_MAX,
} from "@forklift/chain";
import type { WrittenObject } from "@forklift/storage";
import type { Checkpoint } from "./checkpoint.ts";

/** A reader of an older forklift refuses a greater one, and then rehashes or goes without. */
const META_VERSION = 2;

/** What a meta file says of its checkpoint. */
export interface CheckpointMeta extends BlockRef {
  readonly network: string;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  readonly ledgerHash: LedgerHash;
  readonly berkeleyLedgerHash: LedgerHash;
  readonly accountCount: number;
  /** Of the checkpoint file. */
  readonly checkpointBytes: bigint;
  /** SHA-256 of the checkpoint file, hex: the leaf hashes are believed only with that very file. */
  readonly checkpointSha256: string;
}

/** Leaf hashes that are joined before they are handed to the store: 0.4 MB of base64, no padding. */
const CHUNK_BYTES = 3 * 3 * 1024 * FIELD_BYTES;

export function* encodeMeta(
  network: string,
  checkpoint: Checkpoint,
  file: WrittenObject,
): Generator<Uint8Array> {
  const head = {
    version: META_VERSION,
    network,
    height: jsonNumber(checkpoint.height),
    state_hash: checkpoint.stateHash,
    global_slot_since_genesis: jsonNumber(checkpoint.globalSlotSinceGenesis),
    ledger_hash: checkpoint.ledgerHash,
    berkeley_ledger_hash: checkpoint.berkeleyLedgerHash,
    account_count: checkpoint.accountCount,
    checkpoint_bytes: Number(file.bytes),
    checkpoint_sha256: file.sha256,
  };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},\n"leaf_hashes":"`);
  const { buffer, byteOffset, length } = checkpoint.leafHashes;
  const leaves = Buffer.from(buffer, byteOffset, length);
  for (let at = 0; at < length; at += CHUNK_BYTES) {
    yield Buffer.from(leaves.toString("base64", at, Math.min(at + CHUNK_BYTES, length)));
  }
  yield Buffer.from('"}\n');
}

/** @throws FormatError when the text is not a meta file of this version. */
export function decodeMeta(text: string): CheckpointMeta & { readonly leafHashes: Uint8Array } {
  const json = parseObject(text);
  const meta = metaOf(json);
  const leafHashes = Buffer.from(String(json["leaf_hashes"]), "base64");
  if (leafHashes.length !== meta.accountCount * FIELD_BYTES) {
    throw new FormatError(
      `leaf_hashes has ${leafHashes.length} bytes, expected ${FIELD_BYTES} for each of ` +
        `${meta.accountCount} accounts`,
    );
  }
  for (let at = 0; at < leafHashes.length; at += FIELD_BYTES) {
    requireFieldBytes(leafHashes.subarray(at, at + FIELD_BYTES));
  }
  return { ...meta, leafHashes };
}

/** The same from the first line alone. */
export function decodeMetaHead(line: string): CheckpointMeta {
  return metaOf(parseObject(`${line.replace(/,\s*$/, "")}}`));
}

function metaOf(json: Readonly<Record<string, unknown>>): CheckpointMeta {
  const version = json["version"];
  if (version !== META_VERSION) {
    throw new FormatError(`it has version ${String(version)}, expected ${META_VERSION}`);
  }
  const text = (key: string) => String(json[key]);
  return {
    network: text("network"),
    height: parseUnsigned(text("height"), UINT32_MAX),
    stateHash: parseStateHash(text("state_hash")),
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(text("global_slot_since_genesis")),
    ledgerHash: parseLedgerHash(text("ledger_hash")),
    berkeleyLedgerHash: parseLedgerHash(text("berkeley_ledger_hash")),
    accountCount: Number(parseUnsigned(text("account_count"), UINT32_MAX)),
    checkpointBytes: BigInt(requireInteger(json["checkpoint_bytes"])),
    checkpointSha256: text("checkpoint_sha256"),
  };
}

function requireInteger(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new FormatError(`checkpoint_bytes is ${String(value)}, expected an integer`);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const json = parseJson(text);
  if (typeof json !== "object" || json === null) throw new FormatError("not a JSON object");
  return json as Readonly<Record<string, unknown>>;
}
