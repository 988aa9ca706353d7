// Says what a file is that was given in place of another, for errors: a person who gave the wrong file
// mostly knows it by its name.

import { constants, gunzipSync } from "node:zlib";
import { FormatError, quote, untaggedSlot } from "@forklift/chain";

/** What a document is, and where there is one, the way from it to what was wanted. */
export interface NamedDocument {
  /** Follows "it is". */
  readonly name: string;
  readonly hint?: string;
  /** Of a precomputed block of protocol 1.x, whole or not. */
  readonly isBlock?: true;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Of a file's beginning, which tell what it is: a tar header has its mark within them. */
export const HEAD_BYTES = 512;

/** Of what 512 packed bytes may unpack to. */
const UNPACKED_BYTES_MAX = 1024 * 1024;

/** First bytes that no JSON begins with. */
const MAGICS: readonly (readonly [magic: string, document: NamedDocument])[] = [
  [
    "28b52ffd",
    { name: "packed with zstd", hint: "unpack it with zstd -d and give what comes out" },
  ],
  ["504b0304", { name: "a ZIP archive", hint: "unpack it and give the file that lies in it" }],
  ["425a68", { name: "packed with bzip2", hint: "unpack it with bunzip2 and give what comes out" }],
  ["fd377a58", { name: "packed with xz", hint: "unpack it with xz -d and give what comes out" }],
  [
    Buffer.from("PGDMP").toString("hex"),
    {
      name: "a dump of a database in pg_dump's custom format",
      hint: "forklift restore takes dumps; give the JSON file here",
    },
  ],
  ["fffe", { name: "a text in UTF-16", hint: "write it anew as UTF-8: iconv -f UTF-16 -t UTF-8" }],
  ["feff", { name: "a text in UTF-16", hint: "write it anew as UTF-8: iconv -f UTF-16 -t UTF-8" }],
];

/** Null for what may be a JSON object. @param head the first bytes of the file, few or many. */
function nameBytes(head: Uint8Array): NamedDocument | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, HEAD_BYTES));
  const hex = bytes.toString("hex", 0, 8);
  if (hex.startsWith("1f8b")) return namePacked(bytes);
  const known = MAGICS.find(([magic]) => hex.startsWith(magic));
  if (known !== undefined) return known[1];
  if (bytes.toString("latin1", 257, 262) === "ustar") {
    return {
      name: `a tar archive that begins with ${quote(tarName(bytes))}`,
      hint: "unpack it and give the file that lies in it; forklift restore takes dumps as they are",
    };
  }
  const text = bytes
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  if (text === "") return { name: "empty", hint: "write or fetch the file again" };
  if (/^\[\s*\{/.test(text)) {
    return {
      name: "a bare list of accounts",
      hint: "name the list: jq '{ledger: {accounts: .}}' makes the configuration that is read here",
    };
  }
  if (text.startsWith("[")) return { name: "a list" };
  if (text.startsWith("<")) {
    return { name: "an HTML or XML page", hint: "check the URL: an error page has its status" };
  }
  if (/^(--|SET |CREATE |COPY |\\)/.test(text)) {
    return {
      name: "SQL, as a dump is",
      hint: "forklift restore takes dumps; give the JSON file here",
    };
  }
  return nameValue(text);
}

/** @throws FormatError naming it, for bytes that are no JSON object. */
export function requireObjectBytes(head: Uint8Array, expected: string): void {
  const named = nameBytes(head);
  if (named !== null) throw otherDocument(named, expected);
}

/** The error of a file that is another than the wanted one. */
export function otherDocument({ name, hint }: NamedDocument, expected: string): FormatError {
  return new FormatError(`it is ${name}, expected ${expected}`, { hint });
}

/** A JSON object by its keys; null for one that none of the known tools writes. */
export function nameDocument(json: unknown): NamedDocument | null {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return null;
  const object = json as JsonObject;
  return (
    nameBlock(object) ?? nameReplayerFile(object) ?? nameOfOurs(object) ?? nameConfiguration(object)
  );
}

/** Of protocol 1.x, or what the daemon writes after the hard fork. */
function nameBlock(object: JsonObject): NamedDocument | null {
  const block = objectAt(object, "data") ?? object;
  const body = objectAt(objectAt(block, "protocol_state"), "body");
  if (body === null) {
    const isExtensional = ["state_hash", "parent_hash", "user_cmds"].every((key) => key in object);
    return isExtensional
      ? { name: "an extensional block, which mina-archive-blocks writes into an archive" }
      : null;
  }
  const consensus = objectAt(body, "consensus_state") ?? {};
  const height = `height ${shortText(consensus["blockchain_length"])}`;
  if (block !== object || "curr_global_slot_since_hard_fork" in consensus) {
    return { name: `a block of after the hard fork, at ${height}, as Berkeley's daemon writes it` };
  }
  return { name: `a precomputed block of before the hard fork, at ${height}`, isBlock: true };
}

function nameReplayerFile(object: JsonObject): NamedDocument | null {
  if ("target_genesis_ledger" in object) {
    return {
      name: `a replayer's output, the ledger after block ${shortText(object["target_fork_state_hash"])}`,
      hint:
        "forklift checkpoint convert FILE NEW --start-slot S makes a checkpoint of it; S is the slot " +
        "after that block's",
    };
  }
  if (!("genesis_ledger" in object)) return null;
  const start = String(untaggedSlot(object["start_slot_since_genesis"] ?? 0));
  const file = start === "0" ? "a replayer's input" : `a checkpoint that begins at slot ${start}`;
  const isListed = Array.isArray(objectAt(object, "genesis_ledger")?.["accounts"]);
  return { name: isListed ? file : `${file} and lists no account` };
}

function nameOfOurs(object: JsonObject): NamedDocument | null {
  if ("checkpoint_sha256" in object) {
    return {
      name: "the meta file of a checkpoint",
      hint: "give the checkpoint itself: the name without .meta",
    };
  }
  if (Array.isArray(object["files"]) && "state_hash" in object) {
    return { name: "the manifest of a set", hint: "give the file that it names" };
  }
  return null;
}

function nameConfiguration(object: JsonObject): NamedDocument | null {
  const ledger = objectAt(object, "ledger");
  if (ledger === null) return null;
  const fork = objectAt(objectAt(object, "proof"), "fork");
  if (fork !== null) {
    return {
      name:
        `a fork configuration, of the chain that goes on after block ${shortText(fork["state_hash"])} at ` +
        `height ${shortText(fork["blockchain_length"])}`,
      hint:
        "it goes with --fork-genesis-config (forkGenesisConfig); give the ledger that the network " +
        "began with before the hard fork",
    };
  }
  if (Array.isArray(ledger["accounts"])) return { name: "a configuration that lists a ledger" };
  const listing =
    "give a configuration that lists the accounts in ledger.accounts, as genesis_ledgers/NAME.json of " +
    "MinaProtocol/mina does";
  if (ledger["hash"] !== undefined) {
    const name = `a configuration that names its ledger by hash alone, ${shortText(ledger["hash"])}`;
    return { name, hint: listing };
  }
  if (ledger["name"] !== undefined) {
    const name = `a configuration that names its ledger ${shortText(ledger["name"])} and lists no account`;
    return { name, hint: listing };
  }
  return { name: "a configuration whose ledger lists no account", hint: listing };
}

function nameValue(text: string): NamedDocument | null {
  if (text.startsWith('"')) return { name: "a JSON text" };
  const [word] = /^(null|true|false)\s*$|^-?[0-9][0-9.eE+-]*\s*$/.exec(text) ?? [];
  return word === undefined ? null : { name: `the JSON value ${word.trim()}` };
}

/** With a look inside, since a dump and a ledger are packed alike. */
function namePacked(bytes: Buffer): NamedDocument {
  let inner: NamedDocument | null = null;
  try {
    const head = gunzipSync(bytes, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: UNPACKED_BYTES_MAX,
    });
    inner = nameBytes(head);
  } catch {
    // Whatever it holds, that it is packed has been seen.
  }
  return inner === null
    ? { name: "packed with gzip", hint: "unpack it with gunzip and give what comes out" }
    : { name: `packed with gzip, ${inner.name} in it`, ...(inner.hint && { hint: inner.hint }) };
}

function tarName(header: Buffer): string {
  return header.toString("latin1", 0, 100).replace(/\0.*$/s, "");
}

function objectAt(json: JsonObject | null, key: string): JsonObject | null {
  const value = json?.[key];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : null;
}

/** A text or a number of the file for a message. */
function shortText(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return "unknown";
  return /^[A-Za-z0-9]+$/.test(value) && value.length <= 60 ? value : quote(value);
}
