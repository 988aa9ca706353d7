import { FIELD_MODULUS } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { hashKimchi, hashLegacy, legacySalt } from "../src/poseidon/field-hash.ts";
import { KIMCHI_PARAMETERS } from "../src/poseidon/kimchi-parameters.ts";
import { LEGACY_PARAMETERS } from "../src/poseidon/legacy-parameters.ts";
import { permute, prefixState } from "../src/poseidon/reference.ts";

test("the reference starts from the known states of prefixes", () => {
  // Worked out by an independent implementation for the state hash of block 2.
  expect(prefixState(LEGACY_PARAMETERS, "CodaProtoState")).toStrictEqual([
    0x173b422f82ceb9c260d8ac815586bf8f9b3417541181a772df72960c8d816f8an,
    0x07dd976ef1a87e6508072cce9cb1f6904e270b1ed63dcc2d0f44d3365fb33d65n,
    0x32a7c542227f729a9f30eeb9903f898e1f744e0912e03a6a4fba269b5608730cn,
  ]);
});

describe.each([
  ["legacy", LEGACY_PARAMETERS, hashLegacy],
  ["Kimchi", KIMCHI_PARAMETERS, hashKimchi],
] as const)("the %s hash", (_, parameters, hash) => {
  test("absorbs pairs, pads an odd tail with zero, and permutes once for nothing", () => {
    const [a, b, c] = prefixState(parameters, "CodaAccount");
    expect(hash("CodaAccount", [])).toBe(permute(parameters, [a, b, c])[0]);
    expect(hash("CodaAccount", [7n])).toBe(permute(parameters, [a + 7n, b, c])[0]);
    const [d, e, f] = permute(parameters, [a + 7n, b + 8n, c]);
    expect(hash("CodaAccount", [7n, 8n, 9n])).toBe(permute(parameters, [d + 9n, e, f])[0]);
  });

  test("sees elements modulo the field", () => {
    const expected = hash("CodaAccount", [5n, 7n]);
    expect(hash("CodaAccount", [FIELD_MODULUS + 5n, 7n - FIELD_MODULUS])).toBe(expected);
  });

  test("refuses a prefix that does not fit", () => {
    expect(() => hash("ThisPrefixHas21Bytes!", [])).toThrow(RangeError);
  });
});

test("the text of a salt is not padded", () => {
  expect(legacySalt("CodaReceiptEmpty")).not.toBe(
    prefixState(LEGACY_PARAMETERS, "CodaReceiptEmpty")[0],
  );
});
