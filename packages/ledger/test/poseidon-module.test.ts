// The WebAssembly against the reference, and its arithmetic at the ends of its stated bounds.

import { FIELD_BYTES, FIELD_MODULUS, fieldFromBytes, fieldToBytes } from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KIMCHI_PARAMETERS } from "../src/poseidon/kimchi-parameters.ts";
import { LANE_BYTES, STATE_LIMB_BYTES } from "../src/poseidon/lanes.ts";
import { LEGACY_PARAMETERS } from "../src/poseidon/legacy-parameters.ts";
import { LIMB_BITS, LIMB_COUNT, limbsOf, RADIX } from "../src/poseidon/limbs.ts";
import {
  ADDRESS,
  CONSTANTS_ROW_BYTES,
  INPUT_BYTES,
  PAIR_BYTES,
  STATE_BYTES,
  STATE_ELEMENT_BYTES,
} from "../src/poseidon/memory-layout.ts";
import { PoseidonModule, ZERO_STATE } from "../src/poseidon/poseidon-module.ts";
import { absorb, type SpongeState } from "../src/poseidon/reference.ts";
import { inverse, scaleParameters } from "../src/poseidon/scaled-parameters.ts";
import { fieldElement, looseElement } from "./field-elements.ts";

const p = FIELD_MODULUS;

const LANES = [0, 1];

function bytesOf(elements: readonly bigint[]): Uint8Array {
  return Buffer.concat(elements.map(fieldToBytes));
}

function modP(value: bigint): bigint {
  return ((value % p) + p) % p;
}

/** Writes the limbs of an element of the state, in one lane. */
function writeElement(memory: Uint8Array, address: number, lane: number, value: bigint): void {
  const view = new DataView(memory.buffer, memory.byteOffset + address + lane * LANE_BYTES);
  for (const [limb, bits] of limbsOf(value).entries()) {
    view.setBigUint64(STATE_LIMB_BYTES * limb, BigInt(bits), true);
  }
}

function readElement(memory: Uint8Array, address: number, lane: number): bigint {
  const view = new DataView(memory.buffer, memory.byteOffset + address + lane * LANE_BYTES);
  let value = 0n;
  for (let limb = 0; limb < LIMB_COUNT; limb++) {
    const bits = view.getBigUint64(STATE_LIMB_BYTES * limb, true);
    expect(bits >> BigInt(LIMB_BITS)).toBe(0n);
    value += bits << BigInt(LIMB_BITS * limb);
  }
  return value;
}

describe.each([
  ["legacy", LEGACY_PARAMETERS],
  ["Kimchi", KIMCHI_PARAMETERS],
] as const)("the %s Poseidon in WebAssembly", (_, parameters) => {
  const poseidon = new PoseidonModule(parameters);
  const { memory } = poseidon;
  const scaled = scaleParameters(parameters);

  /** What an element of the module's state stands for: without R, without its factor of D. */
  function plain(element: bigint, index: number): bigint {
    return modP(modP(element) * inverse(modP(RADIX * scaled.scale[index]!)));
  }

  describe("a hash", () => {
    const pair = fc.tuple(fieldElement, fieldElement);

    test("is that of the reference, for any number of pairs and whatever came before", () => {
      fc.assert(
        fc.property(pair, fc.array(pair, { minLength: 1, maxLength: 4 }), (before, pairs) => {
          const start = poseidon.stateAfter(bytesOf(before));
          const hash = poseidon.hashPairs(start, bytesOf(pairs.flat()), pairs.length);
          const expected = absorb(parameters, [0n, 0n, 0n], [...before, ...pairs.flat()])[0];
          expect(fieldFromBytes(hash)).toBe(expected);
        }),
        { numRuns: 40 },
      );
    });

    test("is that of the reference from any state within the bounds, for any 256 bits", () => {
      const state = looseElement(257);
      const bytes = fc.oneof(
        fc.constant(new Uint8Array(PAIR_BYTES).fill(0xff)),
        fc.uint8Array({ minLength: PAIR_BYTES, maxLength: PAIR_BYTES }),
      );
      const inputs = fc.array(bytes, { minLength: 1, maxLength: 3 });
      fc.assert(
        fc.property(fc.tuple(state, state, state), inputs, (elements, pairs) => {
          const start = new Uint8Array(STATE_BYTES);
          for (const [i, element] of elements.entries()) {
            writeElement(start, i * STATE_ELEMENT_BYTES, 0, element);
          }
          const hashes = poseidon.hashPairs(start, Buffer.concat(pairs), 1);
          for (const [at, input] of pairs.entries()) {
            const expected = absorb(
              parameters,
              elements.map(plain) as [bigint, bigint, bigint] satisfies SpongeState,
              [0, FIELD_BYTES].map((from) => {
                const highestFirst = Buffer.from(input.slice(from, from + FIELD_BYTES)).reverse();
                return BigInt(`0x${highestFirst.toString("hex")}`);
              }),
            )[0];
            const hash = hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
            expect(fieldFromBytes(hash)).toBe(expected);
          }
          for (const element of [0, 1, 2]) {
            const left = readElement(memory, ADDRESS.state + element * STATE_ELEMENT_BYTES, 0);
            expect(left).toBeLessThan(2n ** 257n);
          }
        }),
        { numRuns: 40 },
      );
    });

    test("is the same alone, in the first and in the second lane, and across calls", () => {
      const start = poseidon.stateAfter(bytesOf([1n, 2n]));
      for (const pairs of [1, 3]) {
        const inputBytes = pairs * PAIR_BYTES;
        const count = Math.floor(INPUT_BYTES / inputBytes) + 3;
        const elements = Array.from(
          { length: 2 * pairs * count },
          (_, at) => BigInt(at) ** 20n % p,
        );
        const inputs = bytesOf(elements);
        const hashes = poseidon.hashPairs(start, inputs, pairs);
        expect(hashes.length).toBe(count * FIELD_BYTES);
        for (const at of [0, 1, 2, count - 4, count - 3, count - 2, count - 1]) {
          const input = inputs.subarray(at * inputBytes, (at + 1) * inputBytes);
          const hash = hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
          expect(hash).toStrictEqual(poseidon.hashPairs(start, input, pairs));
        }
      }
    });

    test("of nothing is nothing", () => {
      expect(poseidon.hashPairs(ZERO_STATE, new Uint8Array(0), 1)).toStrictEqual(new Uint8Array(0));
    });

    test("is refused for inputs that are cut short, empty or longer than the memory", () => {
      const hash = (bytes: number, pairs: number) => () =>
        poseidon.hashPairs(ZERO_STATE, new Uint8Array(bytes), pairs);
      expect(hash(PAIR_BYTES - 1, 1)).toThrow(RangeError);
      expect(hash(PAIR_BYTES, 2)).toThrow(RangeError);
      expect(hash(0, 0)).toThrow(RangeError);
      expect(hash(INPUT_BYTES + PAIR_BYTES, INPUT_BYTES / PAIR_BYTES + 1)).toThrow(RangeError);
    });

    test("counts the permutations it takes", () => {
      const before = poseidon.permutations;
      poseidon.hashPairs(ZERO_STATE, new Uint8Array(6 * PAIR_BYTES), 2);
      expect(poseidon.permutations - before).toBe(6);
    });
  });

  describe("the arithmetic", () => {
    test("raises any loose element to the power, below 2^255, in one lane and in both", () => {
      const exponent = BigInt(parameters.exponent);
      fc.assert(
        fc.property(looseElement(258), looseElement(258), (first, second) => {
          writeElement(memory, ADDRESS.state, 0, first);
          writeElement(memory, ADDRESS.state, 1, second);
          poseidon.exports.power(ADDRESS.state);
          const alone = readElement(memory, ADDRESS.powers, 0);
          poseidon.exports.powerOfBoth(ADDRESS.state);
          for (const lane of LANES) {
            const power = readElement(memory, ADDRESS.powers, lane);
            const base = [first, second][lane]!;
            expect(modP(power * RADIX ** (exponent - 1n))).toBe(modP(base ** exponent));
            expect(power).toBeLessThan(2n ** 255n);
          }
          expect(alone).toBe(readElement(memory, ADDRESS.powers, 0));
        }),
        { numRuns: 2000 },
      );
    });

    test("squeezes any loose element, multiples of the modulus too, as its canonical bytes", () => {
      fc.assert(
        fc.property(looseElement(258), fc.constantFrom(...LANES), (element, lane) => {
          writeElement(memory, ADDRESS.state, lane, element);
          poseidon.exports.squeeze(ADDRESS.state + lane * LANE_BYTES, ADDRESS.output);
          const bytes = memory.slice(ADDRESS.output, ADDRESS.output + FIELD_BYTES);
          expect(bytes).toStrictEqual(Uint8Array.from(fieldToBytes(plain(element, 0))));
        }),
        { numRuns: 2000 },
      );
    });

    test("keeps its states, its constants and its inputs apart", () => {
      const { state, powers, common, startState, roundConstants, input, output } = ADDRESS;
      expect(STATE_BYTES).toBeLessThanOrEqual(powers - state);
      expect(STATE_BYTES).toBeLessThanOrEqual(common - powers);
      expect((2 * LIMB_COUNT - 1) * STATE_LIMB_BYTES).toBeLessThanOrEqual(startState - common);
      expect(STATE_BYTES).toBeLessThanOrEqual(roundConstants - startState);
      expect(CONSTANTS_ROW_BYTES * parameters.roundConstants.length).toBeLessThanOrEqual(
        input - roundConstants,
      );
      expect(output - input).toBe(INPUT_BYTES);
      expect(memory.length - output).toBe(INPUT_BYTES / 2);
    });
  });

  test("the scaled parameters are the matrix in other coordinates, with a column of ones", () => {
    const { scale, unit, others, factors, exponent } = scaled;
    for (const [i, row] of parameters.matrix.entries()) {
      for (const [j, entry] of row.entries()) {
        const scaledEntry = j === unit ? 1n : factors[i]![others.indexOf(j)]!;
        expect(modP(scaledEntry * scale[j]! ** BigInt(exponent))).toBe(modP(scale[i]! * entry));
      }
    }
  });
});
