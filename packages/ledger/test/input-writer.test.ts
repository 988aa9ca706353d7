import { FIELD_BYTES, fieldToBytes } from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputWriter } from "../src/poseidon/input-writer.ts";
import { fieldElement } from "./field-elements.ts";
import { type Bits, packInput } from "./random-oracle-input.ts";

describe("an input written as bytes", () => {
  const item: fc.Arbitrary<Bits> = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => [value, 64] as const),
    fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => [value, 32] as const),
    fc.boolean().map((value) => [value ? 1n : 0n, 1] as const),
    fc.nat({ max: 7 }).map((value) => [BigInt(value), 3] as const),
  );

  test("is the same input as its numbers", () => {
    fc.assert(
      fc.property(
        fc.array(fieldElement, { maxLength: 3 }),
        fc.array(item, { maxLength: 40 }),
        (fields, bits) => {
          const expected = Buffer.concat(packInput(fields, bits).map(fieldToBytes));
          const bytes = Buffer.alloc(FIELD_BYTES + expected.length);
          const writer = new InputWriter(bytes, FIELD_BYTES);
          for (const field of fields) writer.field(fieldToBytes(field));
          for (const [value, width] of bits) {
            if (width === 64) writer.uint64(value);
            else if (width === 32) writer.uint32(value);
            else if (width === 1) writer.boolean(value === 1n);
            else writer.bits(Number(value), width);
          }
          expect(bytes.subarray(FIELD_BYTES)).toStrictEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("is refused for a number that would spill into its neighbour", () => {
    const writer = new InputWriter(new Uint8Array(FIELD_BYTES), 0);
    expect(() => writer.uint32(2n ** 32n)).toThrow(RangeError);
    expect(() => writer.uint64(2n ** 64n)).toThrow(RangeError);
    expect(() => writer.uint32(-1n)).toThrow(RangeError);
    expect(() => writer.uint64(-1n)).toThrow(RangeError);
  });
});
