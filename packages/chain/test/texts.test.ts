import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blockFileName,
  bytesOfMemo,
  FIELD_MODULUS,
  FormatError,
  fieldFromBytes,
  fieldOfHash,
  fieldToBytes,
  hashText,
  least,
  minaOfNanomina,
  nanominaOfMina,
  parseBlockFileName,
  parseLedgerHash,
  parseMemo,
  parsePublicKey,
  parseStateHash,
  parseTransactionHash,
  parseUnsigned,
  pointOfPublicKey,
  publicKeyText,
  UINT32_MAX,
  UINT64_MAX,
} from "../src/index.ts";

/** Texts of mainnet's genesis block and of block 2. */
const GENESIS = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";
const LEDGER = "jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee";
const WINNER = "B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg";
const COINBASE = "CkpYRmaupHUoLHAeZ9v6S872Au2A32aY7R5jWB6bZXT4JYzX6ojbr";
const MEMO = "E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH";

const field = fc.bigInt({ min: 0n, max: FIELD_MODULUS - 1n });

describe("hash texts", () => {
  test("known texts are taken", () => {
    expect(parseStateHash(GENESIS)).toBe(GENESIS);
    expect(parseLedgerHash(LEDGER)).toBe(LEDGER);
    expect(parsePublicKey(WINNER)).toBe(WINNER);
    expect(parseTransactionHash(COINBASE)).toBe(COINBASE);
    expect(parseMemo(MEMO)).toBe(MEMO);
    expect([...bytesOfMemo(MEMO)].slice(0, 2)).toEqual([1, 0]);
  });

  test("a state hash is the field element that its worked example gives", () => {
    expect(fieldOfHash("stateHash", GENESIS)).toBe(
      0x15da6e86ec530e4951e849efb85ed79037bdb89359d8f2f21415c09086da8750n,
    );
  });

  test("every field element goes through its text and back", () => {
    fc.assert(
      fc.property(field, fc.constantFrom("stateHash", "ledgerHash", "epochSeed"), (x, kind) => {
        expect(fieldOfHash(kind, hashText(kind, x))).toBe(x);
        expect(fieldFromBytes(fieldToBytes(x))).toBe(x);
      }),
    );
  });

  test("every point goes through its public key and back", () => {
    fc.assert(
      fc.property(field, fc.boolean(), (x, isOdd) => {
        expect(pointOfPublicKey(publicKeyText({ x, isOdd }))).toEqual({ x, isOdd });
      }),
    );
  });

  test.each([
    ["one character changed", GENESIS.replace("Hab5", "Hab6")],
    ["a character that base58 has not", GENESIS.replace("Hab5", "Hab0")],
    ["one character less", GENESIS.slice(0, -1)],
    ["another kind of hash", LEDGER],
    ["nothing", ""],
    ["a megabyte", "3N".repeat(500_000)],
  ])("%s is no state hash", (_what, text) => {
    expect(() => parseStateHash(text)).toThrow(FormatError);
  });

  test("a message quotes the beginning of a long text only", () => {
    expect(() => parseStateHash("3N".repeat(500))).toThrow(/^.{0,120}…/);
  });

  test("an element at or above the modulus is no hash, though base58 could hold it", () => {
    const bytes = Buffer.alloc(32, 0xff);
    expect(() => fieldFromBytes(bytes)).toThrow("not below the field modulus");
    expect(() => fieldFromBytes(bytes.subarray(1))).toThrow("32 bytes");
  });
});

describe("numbers", () => {
  test.each(["01", "-1", "+1", "1.0", "1e3", " 1", "", "0x10", "18446744073709551616"])(
    "%j is no unsigned 64-bit decimal",
    (text) => {
      expect(() => parseUnsigned(text, UINT64_MAX)).toThrow(FormatError);
    },
  );

  test("the bounds themselves are taken", () => {
    expect(parseUnsigned("4294967295", UINT32_MAX)).toBe(UINT32_MAX);
    expect(parseUnsigned("0", UINT32_MAX)).toBe(0n);
    expect(() => parseUnsigned("4294967296", UINT32_MAX)).toThrow("above 4294967295");
  });

  test("every amount goes through decimal MINA and back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: UINT64_MAX }), (nanomina) => {
        expect(nanominaOfMina(minaOfNanomina(nanomina))).toBe(nanomina);
      }),
    );
  });

  test("amounts are exact where floating point is not", () => {
    expect(nanominaOfMina("0.1")).toBe(100_000_000n);
    expect(nanominaOfMina("148837.2")).toBe(148_837_200_000_000n);
    expect(nanominaOfMina("18446744073.709551615")).toBe(UINT64_MAX);
    expect(minaOfNanomina(1n)).toBe("0.000000001");
    expect(minaOfNanomina(1_000_000_000n)).toBe("1");
  });

  test.each(["1.", ".5", "1.0000000001", "1.2.3", "-1", "1e9", "18446744073.709551616"])(
    "%j is no amount in MINA",
    (text) => {
      expect(() => nanominaOfMina(text)).toThrow(FormatError);
    },
  );

  test("the least of several bigints is found", () => {
    expect(least(3n, -1n, 2n)).toBe(-1n);
    expect(least(5n)).toBe(5n);
  });
});

describe("names of precomputed blocks", () => {
  test("a name goes there and back, also for a network with a hyphen", () => {
    const id = { network: "test-net", height: 7n, stateHash: parseStateHash(GENESIS) };
    expect(parseBlockFileName(blockFileName(id))).toEqual(id);
  });

  test.each([
    "mainnet-1.json",
    `mainnet-${GENESIS}.json`,
    `mainnet-x-${GENESIS}.json`,
    `mainnet-01-${GENESIS}.json`,
    `mainnet-1-${GENESIS}x.json`,
    `mainnet-1-${LEDGER}.json`,
    `mainnet-1-${GENESIS}.json.gz`,
  ])("%s is the name of none", (name) => {
    expect(parseBlockFileName(name)).toBeNull();
  });
});
