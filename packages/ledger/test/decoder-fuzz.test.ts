// What decoders do with random input: they take what they would print, and refuse all else with a
// FormatError that names the location and quotes no more of the value than a message can hold.
// @module-tag only-in-all

import {
  bytesOfMemo,
  encodeBase58check,
  FormatError,
  minaOfNanomina,
  nanominaOfMina,
  parseEpochSeed,
  parseLedgerHash,
  parseMemo,
  parsePublicKey,
  parseReceiptChainHash,
  parseStateHash,
  parseTransactionHash,
  parseUnsigned,
  UINT32_MAX,
  UINT64_MAX,
  VERSION_BYTE,
} from "@forklift/chain";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeAccount, encodeAccount } from "../src/accounts/account-json.ts";
import { decodeGenesisLedger } from "../src/accounts/genesis-ledger.ts";
import { decodeProtocolState } from "../src/block/decode-protocol-state.ts";
import { decodeStagedLedgerDiff } from "../src/block/decode-staged-ledger-diff.ts";
import { encodeProtocolState } from "../src/block/encode-protocol-state.ts";
import { encodeStagedLedgerDiff } from "../src/block/encode-staged-ledger-diff.ts";
import {
  bytesOfVrfOutput,
  parseAuxHash,
  parsePendingCoinbaseAux,
  parsePendingCoinbaseHash,
} from "../src/block/protocol-state-texts.ts";
import { readSignature } from "../src/block/transaction-hash.ts";
import { branchesOf, type Json, leavesOf, type Path, withValue } from "./json-places.ts";
import { hasMainnetData, MAINNET_WINNER, readShared, unpackBlocks } from "./mainnet-data.ts";

/** Characters. Room for two paths or texts, but not for what hostile input may hold. */
const MESSAGE_MAX = 500;

const DEEP: Json = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as Json;
const DEEP_OBJECT = JSON.parse(`${'{"diff":'.repeat(20_000)}1${"}".repeat(20_000)}`) as Json;

/** Made anew each time: fast-check must not have to print or copy them. */
const MONSTERS: readonly (() => Json)[] = [
  () => DEEP,
  () => DEEP_OBJECT,
  () => "9".repeat(1_000_000),
  () => "3N".repeat(500_000),
  () => ".".repeat(300_000),
  () => "\u0000".repeat(300_000),
  () => "\ud800".repeat(1_000),
  () => new Array<Json>(100_000).fill(null),
  () => Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`key ${at}`, at])),
  () => ({ ["x".repeat(1_000_000)]: 1 }),
  () => Number.POSITIVE_INFINITY, // what JSON.parse makes of 1e400
  () => -0,
  () => JSON.parse('{"__proto__":{"diff":[null,null]},"constructor":1}') as Json,
  () => JSON.parse('{"length":2,"0":"Zero","toString":null,"valueOf":1}') as Json,
];

const name = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "data", "body", "pk"),
);

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.string({ maxLength: 60, unit: "binary" }),
  fc.bigInt({ min: -1n, max: 2n ** 65n }).map(String),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("Payment", "Signed_command", "Zero", "One", "Two", "Applied", "Failed", "0.10"),
);

/** As JSON.parse would give it, own keys called __proto__ included. */
const garbage: fc.Arbitrary<Json> = fc.letrec<{
  json: Json;
  array: Json[];
  object: { [key: string]: Json };
}>((tie) => ({
  json: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie("array"), tie("object")),
  array: fc.array(tie("json"), { maxLength: 5 }),
  object: fc
    .dictionary(name, tie("json"), { maxKeys: 5 })
    .map((parts) => JSON.parse(JSON.stringify(parts)) as { [key: string]: Json }),
})).json;

/** The decoded value, or the message of the FormatError; any other error fails the test. */
function attempt<T>(decode: () => T): { value: T } | { message: string } {
  try {
    return { value: decode() };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message.length).toBeLessThan(MESSAGE_MAX);
    return { message: error.message };
  }
}

/** A copy in which one value is another: a random path, and a random value. */
function altered(original: Json): fc.Arbitrary<{ json: Json; path: Path; value: Json }> {
  const leaves = leavesOf(original);
  const places = [...leaves.map(({ path }) => path), ...branchesOf(original)];
  const value = fc.oneof(garbage, fc.constantFrom(...leaves.map((leaf) => leaf.value)));
  return fc
    .tuple(fc.constantFrom(...places), value)
    .map(([path, other]) => ({ json: withValue(original, path, other), path, value: other }));
}

const keysOf = (path: Path) => path.filter((key) => typeof key === "string");

/** The keys in the path with which a message begins: "a.b[0].c: …" → a, b, c. */
const keysNamed = (message: string) =>
  message
    .slice(0, message.indexOf(": "))
    .replaceAll(/\[[0-9]+\]/g, "")
    .split(".");

describe("random JSON", () => {
  const decoders: readonly [string, (json: unknown) => unknown][] = [
    ["protocol_state", decodeProtocolState],
    ["staged_ledger_diff", decodeStagedLedgerDiff],
    ["account", decodeAccount],
    ["genesis ledger", (json) => decodeGenesisLedger(json, MAINNET_WINNER)],
  ];

  test.each(decoders)("is no %s, and no decoder breaks over it", (_, decode) => {
    fc.assert(
      fc.property(garbage, (json) => {
        expect(attempt(() => decode(json))).toHaveProperty("message");
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(decoders)("of monstrous size or depth is no %s", (at, decode) => {
    for (const monster of MONSTERS) {
      for (const key of [null, "body", "diff", "accounts", "pk", "balance", "permissions"]) {
        const json = key === null ? monster() : { [key]: monster() };
        expect(
          attempt(() => decode(json)),
          at,
        ).toHaveProperty("message");
      }
    }
  });
});

describe.skipIf(!hasMainnetData)("a real block with one value replaced", () => {
  interface Block {
    readonly protocol_state: Json;
    readonly staged_ledger_diff: { readonly diff: readonly Record<string, Json>[] };
  }

  /** Blocks with payments, delegations, failed commands, both halves and all forms of coinbase. */
  async function sampleBlocks(): Promise<Block[]> {
    const blocks = await unpackBlocks();
    const found = new Map<string, Block>();
    for (const { stateHash } of blocks.names) {
      const block = blocks.read(stateHash) as Block;
      const text = JSON.stringify(block.staged_ledger_diff);
      for (const feature of [
        '["Stake_delegation"',
        '["Failed"',
        '["One",{',
        '["Zero"]',
        '"fee_transfer_receiver_balance":"',
        '"receiver2_balance":"',
        '"receiver_account_creation_fee_paid":"',
      ]) {
        if (text.length < 60_000 && text.includes(feature) && !found.has(feature)) {
          found.set(feature, block);
        }
      }
    }
    expect(found.size).toBe(7);
    return [...new Set(found.values())];
  }

  let blocks: Block[];
  beforeAll(async () => {
    blocks = await sampleBlocks();
  });

  test("is the protocol state that it says, or refused at the place of the value", () => {
    for (const { protocol_state: original } of blocks.slice(0, 3)) {
      fc.assert(
        fc.property(altered(original), ({ json, path }) => {
          const result = attempt(() => decodeProtocolState(json));
          if ("value" in result) expect(encodeProtocolState(result.value)).toStrictEqual(json);
          else expect(keysNamed(result.message)).toEqual(beginningWith("protocol_state", path));
        }),
        { numRuns: 1_000 },
      );
    }
  });

  test("is the staged ledger diff that it says, or refused at the place of the value", () => {
    for (const { staged_ledger_diff: diff } of blocks) {
      const original = encodeStagedLedgerDiff(decodeStagedLedgerDiff(diff)) as Json;
      fc.assert(
        fc.property(altered(original), ({ json, path }) => {
          const result = attempt(() => decodeStagedLedgerDiff(json));
          if ("message" in result) {
            expect(keysNamed(result.message)).toEqual(beginningWith("staged_ledger_diff", path));
            return;
          }
          const printed = encodeStagedLedgerDiff(result.value) as Json;
          expect(withoutPassedOver(printed, json)).toStrictEqual(withoutPassedOver(json, printed));
        }),
        { numRuns: 500 },
      );
    }
  });

  test("by a monster is refused", () => {
    const { protocol_state: state, staged_ledger_diff: diff } = blocks[0]!;
    for (const monster of MONSTERS) {
      for (const path of [...leavesOf(state).map((leaf) => leaf.path), ...branchesOf(state)]) {
        const json = withValue(state, path, monster());
        expect(
          attempt(() => decodeProtocolState(json)),
          path.join("."),
        ).toHaveProperty("message");
      }
      for (const { path } of leavesOf(
        encodeStagedLedgerDiff(decodeStagedLedgerDiff(diff)) as Json,
      )) {
        attempt(() => decodeStagedLedgerDiff(withValue(diff as unknown as Json, path, monster())));
      }
    }
  });

  /** The value's own path, or one inside it. */
  function beginningWith(root: string, path: Path): unknown {
    const keys = [root, ...keysOf(path)];
    return expect.toSatisfy(
      (named: string[]) => keys.every((key, at) => named[at] === key),
      `a path that begins with ${keys.join(".")}`,
    );
  }

  /** Of a command's status and of unknown keys the decoder keeps nothing, so they may be anything. */
  const PASSED_OVER = new Set(["fee_payer_account_creation_fee_paid", "created_token"]);

  function withoutPassedOver(json: Json, other: Json): Json {
    if (typeof json !== "object" || json === null) return json;
    if (Array.isArray(json)) {
      return json.map((part, at) => withoutPassedOver(part, (other as Json[])[at] ?? null));
    }
    const known = Object.entries(json).filter(
      ([key]) => !PASSED_OVER.has(key) && Object.hasOwn(other as object, key),
    );
    return Object.fromEntries(
      known.map(([key, part]) => [
        key,
        withoutPassedOver(part, (other as Record<string, Json>)[key]!),
      ]),
    );
  }

  test("an account with a monster in it is refused, or unknown to the monster", () => {
    const official = encodeAccount(MAINNET_WINNER) as { [key: string]: Json };
    const account = { ...official, token_permissions: {}, anything: null };
    const places: Path[] = [
      ...leavesOf(account).map((leaf) => leaf.path),
      ...branchesOf(account).slice(1),
      ["permissions", "stake"],
      ["token_permissions", "token_owned"],
    ];
    for (const path of places) {
      for (const monster of MONSTERS) {
        const result = attempt(() => decodeAccount(withValue(account, path, monster())));
        if ("message" in result) continue;
        // Minus zero is a number like zero.
        const zero = path[0] === "balance" ? { balance: 0n } : {};
        expect(result.value, path.join(".")).toStrictEqual({ ...MAINNET_WINNER, ...zero });
      }
    }
  });

  test("an account of the genesis ledger is the same when it is written and read again", () => {
    const { ledger } = JSON.parse(readShared("data/mainnet/genesis-ledger.json")) as {
      ledger: { accounts: Json[] };
    };
    const originals = ledger.accounts.filter((_, at) => at % 200 === 0);
    originals.push(...originals.map((json) => encodeAccount(decodeAccount(json)) as Json));
    for (const original of originals) {
      fc.assert(
        fc.property(altered(original), ({ json }) => {
          const result = attempt(() => decodeAccount(json));
          if ("message" in result) return;
          expect(decodeAccount(encodeAccount(result.value))).toStrictEqual(result.value);
        }),
        { numRuns: 300 },
      );
    }
  });
});

describe("random texts", () => {
  const digits = fc.string({
    unit: fc.constantFrom(..."0123456789"),
    maxLength: 24,
  });
  const decimal = fc.oneof(
    digits,
    fc.tuple(digits, digits).map(([whole, fraction]) => `${whole}.${fraction}`),
    fc.tuple(digits, fc.constantFrom("-", "+", "e", " ", "_", "٣")).map(([a, b]) => b + a),
    fc.string({ unit: "binary", maxLength: 30 }),
  );

  test("are integers only as they are printed", () => {
    for (const max of [UINT32_MAX, UINT64_MAX]) {
      fc.assert(
        fc.property(decimal, (text) => {
          const result = attempt(() => parseUnsigned(text, max));
          if ("value" in result) expect(String(result.value)).toBe(text);
          else expect(/^(0|[1-9][0-9]*)$/.test(text) && BigInt(text) <= max).toBe(false);
        }),
        { numRuns: 3_000 },
      );
    }
  });

  test("are amounts only when their digits add up to the amount", () => {
    fc.assert(
      fc.property(decimal, (text) => {
        const result = attempt(() => nanominaOfMina(text));
        if ("message" in result) return;
        const printed = minaOfNanomina(result.value);
        const [whole, fraction] = text.split(".");
        expect(printed).toBe(
          fraction === undefined ? text : `${whole}.${fraction}`.replace(/\.?0*$/, ""),
        );
      }),
      { numRuns: 3_000 },
    );
  });

  const payload = fc.uint8Array({ minLength: 31, maxLength: 36 });
  const version = fc.oneof(fc.constantFrom(...Object.values(VERSION_BYTE)), fc.nat({ max: 255 }));
  const checked = fc
    .tuple(version, payload, fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2))
    .map(([byte, bytes, first, second]) => {
      bytes[0] = first;
      if (byte === VERSION_BYTE.publicKey) bytes[1] = second;
      if (byte === VERSION_BYTE.publicKey) bytes[bytes.length - 1] = second;
      // Small enough for a field element about every other time.
      if (bytes.length === 33) bytes[32]! &= 0x7f;
      return encodeBase58check(byte, bytes);
    });
  const texts = fc.oneof(
    checked,
    fc.string({ unit: "binary", maxLength: 70 }),
    fc.constantFrom(...["9".repeat(1_000_000), "3N".repeat(500_000), "\u0000".repeat(300_000)]),
  );

  test.each<[string, (text: string) => unknown]>([
    ["state hashes", parseStateHash],
    ["ledger hashes", parseLedgerHash],
    ["receipt chain hashes", parseReceiptChainHash],
    ["epoch seeds", parseEpochSeed],
    ["public keys", parsePublicKey],
    ["transaction hashes", parseTransactionHash],
    ["memos", parseMemo],
    ["signatures", (text: string) => readSignature(text).text],
    ["auxiliary hashes", parseAuxHash],
    ["pending coinbases", parsePendingCoinbaseHash],
    ["auxiliary pending coinbases", parsePendingCoinbaseAux],
    ["VRF outputs", bytesOfVrfOutput],
    ["the bytes of memos", bytesOfMemo],
  ])("are %s, or refused", (_, parse) => {
    fc.assert(
      fc.property(texts, (text) => {
        attempt(() => parse(text));
      }),
      { numRuns: 500 },
    );
  });
});
