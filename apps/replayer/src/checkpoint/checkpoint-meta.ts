// The meta file of a checkpoint: which block it stands on, and leaf hashes that spare a rehash.

import {
  type BlockRef,
  FIELD_BYTES,
  FormatError,
  type GlobalSlotSinceGenesis,
  jsonNumber,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
  parseLedgerHash,
  parseStateHash,
  requireFieldBytes,
} from "@forklift/chain";
import type { WrittenObject } from "@forklift/storage";
import type { Checkpoint } from "./checkpoint.ts";

const META_VERSION = 1;

export interface CheckpointMeta extends BlockRef {
  readonly network: string;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  readonly ledgerHash: LedgerHash;
  /** SHA-256 of the checkpoint file, hex: the leaf hashes are believed only with that very file. */
  readonly checkpointSha256: string;
  /** 32 bytes for each account, in ledger order. */
  readonly leafHashes: Uint8Array;
}

/** Leaf hashes that are joined before they are handed to the store: some 0.3 MB of JSON. */
const CHUNK_LEAVES = 4000;

export async function* encodeMeta(
  network: string,
  checkpoint: Checkpoint,
  file: WrittenObject,
): AsyncGenerator<Uint8Array> {
  const head = {
    version: META_VERSION,
    network,
    height: jsonNumber(checkpoint.height),
    state_hash: checkpoint.stateHash,
    global_slot_since_genesis: jsonNumber(checkpoint.globalSlotSinceGenesis),
    ledger_hash: checkpoint.ledgerHash,
    checkpoint_sha256: file.sha256,
  };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},\n"leaf_hashes":[\n`);
  const { buffer, byteOffset, length } = checkpoint.ledger.leafHashes();
  const leaves = Buffer.from(buffer, byteOffset, length);
  let texts: string[] = [];
  let separator = "";
  for (let at = 0; at < leaves.length; at += FIELD_BYTES) {
    texts.push(`${separator}"${leaves.toString("hex", at, at + FIELD_BYTES)}"`);
    separator = ",\n";
    if (texts.length === CHUNK_LEAVES) {
      yield Buffer.from(texts.join(""));
      texts = [];
    }
  }
  yield Buffer.from(texts.join(""));
  yield Buffer.from("\n]}\n");
}

/** @throws FormatError when the text is not a meta file of this version. */
export function decodeMeta(text: string): CheckpointMeta {
  const json = parseObject(text);
  if (json["version"] !== META_VERSION) {
    throw new FormatError(`meta version ${String(json["version"])}, expected ${META_VERSION}`);
  }
  const leaves = json["leaf_hashes"];
  if (!Array.isArray(leaves)) throw new FormatError("leaf_hashes is not a list");
  return {
    network: String(json["network"]),
    height: parseGlobalSlotSinceGenesis(String(json["height"])),
    stateHash: parseStateHash(String(json["state_hash"])),
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(String(json["global_slot_since_genesis"])),
    ledgerHash: parseLedgerHash(String(json["ledger_hash"])),
    checkpointSha256: String(json["checkpoint_sha256"]),
    leafHashes: Buffer.concat(leaves.map(decodeLeaf)),
  };
}

/** @throws FormatError unless it is a field element in hex. */
function decodeLeaf(leaf: unknown): Uint8Array {
  const bytes = Buffer.from(String(leaf), "hex");
  requireFieldBytes(bytes);
  return bytes;
}

function parseObject(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof json !== "object" || json === null) throw new FormatError("not a JSON object");
  return json as Record<string, unknown>;
}
