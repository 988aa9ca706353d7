// The WebAssembly against the reference, and its arithmetic at the ends of its stated bounds.

import { FIELD_BYTES, FIELD_MODULUS, fieldFromBytes, fieldToBytes } from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MDS } from "../src/legacy-poseidon-constants.ts";
import { absorb, type SpongeState } from "../src/legacy-poseidon-reference.ts";
import {
  bytesOfLimbs,
  ELEMENT_BYTES,
  LIMB_BITS,
  LIMB_COUNT,
  RADIX,
} from "../src/poseidon/limbs.ts";
import { ADDRESS, INPUT_BYTES, PAIR_BYTES, STATE_BYTES } from "../src/poseidon/memory-layout.ts";
import {
  hashPairs,
  poseidon,
  poseidonMemory,
  stateAfter,
  ZERO_STATE,
} from "../src/poseidon/poseidon-module.ts";
import { inverse, SCALE, SCALED_MDS } from "../src/poseidon/scaled-parameters.ts";
import { fieldElement, looseElement } from "./field-elements.ts";

const p = FIELD_MODULUS;

function bytesOf(elements: readonly bigint[]): Uint8Array {
  return Buffer.concat(elements.map(fieldToBytes));
}

function modP(value: bigint): bigint {
  return ((value % p) + p) % p;
}

/** What an element of the module's state stands for: without R, without its factor of D. */
function plain(element: bigint, index: number): bigint {
  return modP(modP(element) * inverse(modP(RADIX * SCALE[index]!)));
}

function readElement(address: number): bigint {
  const limbs = new DataView(poseidonMemory.buffer, address, ELEMENT_BYTES);
  let value = 0n;
  for (let limb = 0; limb < LIMB_COUNT; limb++) {
    const bits = BigInt(limbs.getUint32(4 * limb, true));
    expect(bits >> BigInt(LIMB_BITS)).toBe(0n);
    value += bits << BigInt(LIMB_BITS * limb);
  }
  return value;
}

describe("a hash in WebAssembly", () => {
  const pair = fc.tuple(fieldElement, fieldElement);

  test("is that of the reference, for any number of pairs and whatever came before", () => {
    fc.assert(
      fc.property(pair, fc.array(pair, { minLength: 1, maxLength: 4 }), (before, pairs) => {
        const hash = hashPairs(stateAfter(bytesOf(before)), bytesOf(pairs.flat()), pairs.length);
        const expected = absorb([0n, 0n, 0n], [...before, ...pairs.flat()])[0];
        expect(fieldFromBytes(hash)).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  test("is that of the reference from any state within the bounds, and for any 256 bits", () => {
    const state = looseElement(257);
    const bytes = fc.oneof(
      fc.constant(new Uint8Array(PAIR_BYTES).fill(0xff)),
      fc.uint8Array({ minLength: PAIR_BYTES, maxLength: PAIR_BYTES }),
    );
    fc.assert(
      fc.property(fc.tuple(state, state, state), bytes, (elements, input) => {
        const hash = hashPairs(Buffer.concat(elements.map(bytesOfLimbs)), input, 1);
        const start = elements.map(plain) as [bigint, bigint, bigint] satisfies SpongeState;
        const numbers = [0, FIELD_BYTES].map((from) => {
          const highestFirst = Buffer.from(input.slice(from, from + FIELD_BYTES)).reverse();
          return BigInt(`0x${highestFirst.toString("hex")}`);
        });
        expect(fieldFromBytes(hash)).toBe(absorb(start, numbers)[0]);
        for (const element of [0, 1, 2]) {
          expect(readElement(ADDRESS.state + element * ELEMENT_BYTES)).toBeLessThan(2n ** 257n);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("is the same alone and among others, across the limit of one call", () => {
    const start = stateAfter(bytesOf([1n, 2n]));
    for (const pairs of [1, 3]) {
      const count = Math.floor(INPUT_BYTES / (pairs * PAIR_BYTES)) + 2;
      const elements = Array.from({ length: 2 * pairs * count }, (_, at) => BigInt(at) ** 20n % p);
      const inputs = bytesOf(elements);
      const hashes = hashPairs(start, inputs, pairs);
      expect(hashes.length).toBe(count * FIELD_BYTES);
      for (const at of [0, 1, count - 3, count - 2, count - 1]) {
        const inputBytes = pairs * PAIR_BYTES;
        const input = inputs.subarray(at * inputBytes, (at + 1) * inputBytes);
        const hash = hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
        expect(hash).toStrictEqual(hashPairs(start, input, pairs));
      }
    }
  });

  test("of nothing is nothing", () => {
    expect(hashPairs(ZERO_STATE, new Uint8Array(0), 1)).toStrictEqual(new Uint8Array(0));
  });

  test("is refused for inputs that are cut short, empty or longer than the memory", () => {
    expect(() => hashPairs(ZERO_STATE, new Uint8Array(PAIR_BYTES - 1), 1)).toThrow(RangeError);
    expect(() => hashPairs(ZERO_STATE, new Uint8Array(PAIR_BYTES), 2)).toThrow(RangeError);
    expect(() => hashPairs(ZERO_STATE, new Uint8Array(0), 0)).toThrow(RangeError);
    const tooLong = new Uint8Array(INPUT_BYTES + PAIR_BYTES);
    expect(() => hashPairs(ZERO_STATE, tooLong, tooLong.length / PAIR_BYTES)).toThrow(RangeError);
  });
});

describe("the arithmetic in WebAssembly", () => {
  test("raises any loose element to the fifth power, below 2^255", () => {
    fc.assert(
      fc.property(looseElement(258), (element) => {
        poseidonMemory.set(bytesOfLimbs(element), ADDRESS.state);
        poseidon.fifthPower(ADDRESS.state);
        const power = readElement(ADDRESS.state);
        expect(modP(power * RADIX ** 4n)).toBe(modP(element ** 5n));
        expect(power).toBeLessThan(2n ** 255n);
      }),
      { numRuns: 2000 },
    );
  });

  test("squeezes any loose element, multiples of the modulus too, as its canonical bytes", () => {
    fc.assert(
      fc.property(looseElement(258), (element) => {
        poseidonMemory.set(bytesOfLimbs(element), ADDRESS.state);
        poseidon.squeeze(ADDRESS.output);
        const bytes = poseidonMemory.slice(ADDRESS.output, ADDRESS.output + FIELD_BYTES);
        expect(bytes).toStrictEqual(Uint8Array.from(fieldToBytes(plain(element, 0))));
      }),
      { numRuns: 2000 },
    );
  });

  test("keeps its state, its constants and its inputs apart", () => {
    expect(STATE_BYTES).toBeLessThanOrEqual(ADDRESS.startState - ADDRESS.state);
    expect(ADDRESS.output - ADDRESS.input).toBe(INPUT_BYTES);
    expect(poseidonMemory.length - ADDRESS.output).toBe(INPUT_BYTES / 2);
  });
});

describe("the scaled parameters", () => {
  test("are the matrix in other coordinates, with a last column of ones", () => {
    for (const [i, row] of MDS.entries()) {
      const scaled = [...SCALED_MDS[i]!, 1n];
      for (const [j, entry] of row.entries()) {
        expect(modP(scaled[j]! * SCALE[j]! ** 5n)).toBe(modP(SCALE[i]! * entry));
      }
    }
  });
});
