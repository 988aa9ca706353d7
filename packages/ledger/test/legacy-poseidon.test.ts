import { FIELD_MODULUS } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { hashLegacy, permute, prefixState, salt } from "../src/legacy-poseidon.ts";
import { bit, packBits } from "../src/random-oracle-input.ts";

describe("the legacy Poseidon", () => {
  test("starts from the known states of its prefixes", () => {
    // Worked out by an independent implementation for the state hash of block 2.
    expect(prefixState("CodaProtoState")).toStrictEqual([
      0x173b422f82ceb9c260d8ac815586bf8f9b3417541181a772df72960c8d816f8an,
      0x07dd976ef1a87e6508072cce9cb1f6904e270b1ed63dcc2d0f44d3365fb33d65n,
      0x32a7c542227f729a9f30eeb9903f898e1f744e0912e03a6a4fba269b5608730cn,
    ]);
  });

  test("absorbs pairs, pads an odd tail with zero, and permutes once for nothing", () => {
    const [a, b, c] = prefixState("CodaAccount");
    expect(hashLegacy("CodaAccount", [])).toBe(permute([a, b, c])[0]);
    expect(hashLegacy("CodaAccount", [7n])).toBe(permute([a + 7n, b, c])[0]);
    const [d, e, f] = permute([a + 7n, b + 8n, c]);
    expect(hashLegacy("CodaAccount", [7n, 8n, 9n])).toBe(permute([d + 9n, e, f])[0]);
  });

  test("sees elements modulo the field", () => {
    expect(permute([FIELD_MODULUS + 1n, 2n, 3n])).toStrictEqual(permute([1n, 2n, 3n]));
    const hash = hashLegacy("CodaAccount", [5n, 7n]);
    expect(hashLegacy("CodaAccount", [FIELD_MODULUS + 5n, 7n - FIELD_MODULUS])).toBe(hash);
  });

  test("does not pad the text of a salt", () => {
    expect(salt("CodaReceiptEmpty")).not.toBe(prefixState("CodaReceiptEmpty")[0]);
  });

  test("refuses a prefix that does not fit", () => {
    expect(() => prefixState("ThisPrefixHas21Bytes!")).toThrow(RangeError);
  });
});

describe("packed bits", () => {
  test("are joined lowest first", () => {
    expect(packBits([bit(true), [0n, 3], [0b1011n, 4]])).toStrictEqual([0b1011_000_1n]);
  });

  test("are cut after 254 bits, across a value if need be", () => {
    expect(
      packBits([
        [0n, 250],
        [0b110101n, 6],
      ]),
    ).toStrictEqual([0b0101n << 250n, 0b11n]);
    expect(packBits([[1n, 254]])).toStrictEqual([1n]);
    expect(packBits([])).toStrictEqual([]);
  });

  test("refuse a value that is wider than its place", () => {
    expect(() => packBits([[16n, 4]])).toThrow(RangeError);
    expect(() => packBits([[-1n, 4]])).toThrow(RangeError);
  });
});
