// Every small change of a real protocol state has another hash or is refused.

import {
  decodeBase58check,
  encodeBase58check,
  FIELD_MODULUS,
  FormatError,
  fieldFromBytes,
  VERSION_BYTE,
} from "@forklift/chain";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeProtocolState } from "../src/block/decode-protocol-state.ts";
import type { ProtocolState } from "../src/block/protocol-state.ts";
import { hashProtocolState, hashProtocolStates } from "../src/block/protocol-state-hash.ts";
import {
  branchesOf,
  type Json,
  type Leaf,
  leavesOf,
  type Path,
  textWithTwin,
  valueAt,
  withValue,
} from "./json-places.ts";
import { type BlockFiles, hasMainnetData, readShared, unpackBlocks } from "./mainnet-data.ts";

const GENESIS = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

/** Genesis, and so many others spread over all heights; about a third of them are orphans. */
const SAMPLED_BLOCKS = 8;

/** Eleven sub-window densities and forty others. */
const LEAVES = 51;

interface Variants {
  /** Of the same form: another block, or one that cannot be. */
  readonly altered: readonly Json[];
  /** The same value in another form, or a value of another kind. */
  readonly malformed: readonly Json[];
}

function variantsOf({ path, value }: Leaf): Variants {
  if (typeof value === "boolean") {
    return { altered: [!value], malformed: [`${value}`, value ? 1 : 0, null, [value]] };
  }
  const text = String(value);
  if (/^[0-9]+$/.test(text)) return variantsOfInteger(text);
  return path.at(-1) === "last_vrf_output" ? variantsOfVrfOutput(text) : variantsOfBase58(text);
}

function variantsOfInteger(text: string): Variants {
  const number = BigInt(text);
  const others = [number + 1n, number ^ (1n << 31n), number ^ 1n];
  return {
    altered: [...others, number ^ (1n << 63n), number + (1n << 32n)].map(String),
    malformed: [
      ...[Number(text), `0${text}`, `00${text}`, `+${text}`, `-${text}`, ` ${text}`, `${text} `],
      ...[`${text}.0`, `${text}e0`, `0x${number.toString(16)}`, `${text}n`, "", "-0", null, [text]],
      `${2n ** 64n + number}`,
    ],
  };
}

function variantsOfVrfOutput(text: string): Variants {
  const bytes = Buffer.from(text, "base64url");
  const written = (changed: Buffer) => `${changed.toString("base64url")}=`;
  const flips = Array.from({ length: 256 }, (_, bit) => {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    return written(flipped);
  });
  // The last character before the padding holds four bits of the output and two that mean nothing.
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(text[42]!);
  const tails = [1, 2, 3].map((tail) => `${text.slice(0, 42)}${alphabet[last + tail]}=`);
  expect(last % 4).toBe(0);
  return {
    altered: flips.slice(0, 253),
    malformed: [
      ...[...flips.slice(253), ...tails],
      ...[text.slice(0, -1), `${text}=`, `${text}\n`, ` ${text}`, "", text.slice(1), `A${text}`],
      ...[`${"+".repeat(42)}A=`, bytes.toString("hex"), written(bytes.subarray(1)), null, [text]],
    ],
  };
}

function variantsOfBase58(text: string): Variants {
  const { byte, payload } = versionOf(text);
  const altered = Array.from(payload, (_, at) => {
    const changed = Buffer.from(payload);
    changed[at]! ^= 1 << (at % 8);
    return encodeBase58check(byte, changed);
  });
  const otherVersions = Object.values(VERSION_BYTE)
    .filter((other) => other !== byte)
    .map((other) => encodeBase58check(other, payload));
  const typo = text.endsWith("x") ? "y" : "x";
  return {
    altered,
    malformed: [
      ...[...otherVersions, ...unreduced(byte, payload)],
      ...[`1${text}`, ` ${text}`, `${text} `, text.slice(1), text.slice(0, -1) + typo, "", null],
      ...[encodeBase58check(byte, payload.subarray(1)), [text], text.toLowerCase()],
      encodeBase58check(byte, Buffer.concat([payload, Buffer.of(0)])),
    ],
  };
}

/** The same field element written as a greater number: none where the payload is only bytes. */
function unreduced(byte: number, payload: Uint8Array): string[] {
  const start = payload.length - 32 - (byte === VERSION_BYTE.publicKey ? 1 : 0);
  if (start === 0) return [];
  const field = fieldFromBytes(payload.subarray(start, start + 32));
  return [1n, 2n].map((times) => {
    const number = field + times * FIELD_MODULUS;
    const bytes = Buffer.from(number.toString(16).padStart(64, "0"), "hex").reverse();
    const changed = Buffer.from(payload);
    changed.set(bytes, start);
    return encodeBase58check(byte, changed);
  });
}

function versionOf(text: string): { byte: number; payload: Uint8Array } {
  for (const byte of Object.values(VERSION_BYTE)) {
    for (const length of [32, 33, 35]) {
      try {
        return { byte, payload: decodeBase58check(text, byte, length) };
      } catch {
        // Another kind of text.
      }
    }
  }
  throw new Error(`${text} is of no known kind`);
}

/** Null when it is refused, which only a FormatError may do. */
function decoded(json: Json): ProtocolState | null {
  try {
    return decodeProtocolState(json);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return null;
  }
}

describe.skipIf(!hasMainnetData)("a real protocol state", () => {
  let blocks: BlockFiles;
  const states: { readonly stateHash: string; readonly json: Json }[] = [];
  beforeAll(async () => {
    blocks = await unpackBlocks();
    const stateOf = (block: unknown) => (block as { protocol_state: Json }).protocol_state;
    const genesis: unknown = JSON.parse(readShared(`data/mainnet/mainnet-1-${GENESIS}.json`));
    states.push({ stateHash: GENESIS, json: stateOf(genesis) });
    const stride = Math.ceil(blocks.names.length / SAMPLED_BLOCKS);
    for (let at = 0; at < blocks.names.length; at += stride) {
      const { stateHash } = blocks.names[at]!;
      states.push({ stateHash, json: stateOf(blocks.read(stateHash)) });
    }
  });

  test("changed in any single value has another hash, or is refused", () => {
    for (const { stateHash, json } of states) {
      const leaves = leavesOf(json);
      expect(leaves).toHaveLength(LEAVES);
      // All of a block at once, so that no two changes may have one hash either.
      const accepted: ProtocolState[] = [];
      for (const leaf of leaves) {
        const before = accepted.length;
        for (const variant of new Set(variantsOf(leaf).altered)) {
          const state = decoded(withValue(json, leaf.path, variant));
          if (state !== null) accepted.push(state);
        }
        expect(accepted.length, `${leaf.path.join(".")} is hashed`).toBeGreaterThan(before);
      }
      const hashes = hashProtocolStates(accepted);
      expect(hashes.length).toBeGreaterThan(900);
      expect(new Set([stateHash, ...hashes]).size).toBe(hashes.length + 1);
    }
  });

  test("is refused when a value has another form, though the same value it were", () => {
    for (const { json } of states) {
      for (const leaf of leavesOf(json)) {
        for (const variant of variantsOf(leaf).malformed) {
          const altered = withValue(json, leaf.path, variant);
          expect(decoded(altered), `${leaf.path.join(".")}: ${JSON.stringify(variant)}`).toBeNull();
        }
      }
    }
  });

  test("is refused with a text of another kind, though one that is known and right elsewhere", () => {
    const { json } = states[1]!;
    // All of its texts are remembered from here on.
    expect(decoded(json)).not.toBeNull();
    const texts = leavesOf(json).flatMap(({ path, value }) =>
      typeof value === "string" && /^[1-9A-Za-z]{50,}$/.test(value) ? [{ path, value }] : [],
    );
    expect(texts).toHaveLength(19);
    for (const { path, value } of texts) {
      const { byte } = versionOf(value);
      for (const other of texts) {
        const isSameKind = versionOf(other.value).byte === byte;
        const state = decoded(withValue(json, path, other.value));
        expect(state !== null, `${path.join(".")}: ${other.path.join(".")}`).toBe(isSameKind);
      }
    }
  });

  test("is refused with a key or an element more or less, wherever it is", () => {
    for (const { json } of states) {
      for (const path of branchesOf(json)) {
        const branch = valueAt(json, path) as Record<string, Json>;
        const next = Array.isArray(branch) ? branch.length : "extra";
        for (const extra of ["1", null, {}] satisfies Json[]) {
          expect(decoded(withValue(json, [...path, next], extra)), path.join(".")).toBeNull();
        }
        for (const key of Object.keys(branch)) {
          expect(decoded(without(json, [...path, key])), `${path.join(".")} - ${key}`).toBeNull();
        }
        for (const other of ["1", null, [], {}, [branch]] satisfies Json[]) {
          expect(decoded(withValue(json, path, other)), path.join(".")).toBeNull();
        }
      }
    }
  });

  test("has its values for itself: what an object inherits does not count", () => {
    const { json } = states[0]!;
    for (const path of branchesOf(json)) {
      const branch = valueAt(json, path);
      if (Array.isArray(branch)) continue;
      const heir = Object.create(branch as object) as Json;
      expect(decoded(withValue(json, path, heir)), path.join(".")).toBeNull();
      const inherits: unknown = JSON.parse(`{"__proto__":${JSON.stringify(branch)}}`);
      expect(decoded(withValue(json, path, inherits as Json)), path.join(".")).toBeNull();
      const both = JSON.stringify(branch).replace("{", '{"__proto__":{},');
      expect(decoded(withValue(json, path, JSON.parse(both) as Json)), path.join(".")).toBeNull();
    }
  });

  test("whose text names a key twice is the state of the values that are kept", () => {
    for (const { stateHash, json } of states) {
      const original = decodeProtocolState(json);
      for (const leaf of leavesOf(json)) {
        if (typeof leaf.path.at(-1) === "number") continue;
        const other = variantsOf(leaf).altered.find(
          (variant) => decoded(withValue(json, leaf.path, variant)) !== null,
        )!;
        // The first of two is dropped by JSON.parse, and what is left is the block itself.
        const kept: unknown = JSON.parse(textWithTwin(json, leaf.path, other));
        expect(decodeProtocolState(kept)).toStrictEqual(original);
        const altered = withValue(json, leaf.path, other);
        const replaced: unknown = JSON.parse(
          textWithTwin(altered, leaf.path, valueAt(json, leaf.path)),
        );
        const state = decodeProtocolState(replaced);
        expect(state).toStrictEqual(decodeProtocolState(altered));
        expect(hashProtocolState(state)).not.toBe(stateHash);
      }
    }
  });
});

/** Elements of an array close up. */
function without(json: Json, path: Path): Json {
  const parent = valueAt(json, path.slice(0, -1));
  if (!Array.isArray(parent)) return withValue(json, path, undefined);
  const rest = parent.toSpliced(Number(path.at(-1)), 1);
  return withValue(json, path.slice(0, -1), rest);
}
