// The legacy Poseidon as a WebAssembly module: whole hashes, any number of them in one call.
//
// The state holds loose elements (see `field-code.ts`) in the coordinates of
// `scaled-parameters.ts`, in Montgomery form. Each function says why it keeps them loose.

import { FIELD_BYTES } from "@forklift/chain";
import { type Code, call, doWhile, get, i32, type Local, set } from "../wasm/instructions.ts";
import { ModuleBuilder } from "../wasm/module-builder.ts";
import { loadBytes, storeCanonical } from "./field-bytes-code.ts";
import {
  addConstant,
  limbs,
  limbsInMemory,
  loadElement,
  minusColumns,
  NO_PRODUCT,
  newColumns,
  newElement,
  newScratch,
  product,
  productWithConstant,
  reduce,
  setColumns,
  square,
  storeElement,
} from "./field-code.ts";
import { bytesOfLimbs, ELEMENT_BYTES, montgomeryForm } from "./limbs.ts";
import { ADDRESS, MEMORY_PAGES, PAIR_BYTES, STATE_BYTES } from "./memory-layout.ts";
import { inverse, SCALE, SCALED_MDS, SCALED_ROUND_CONSTANTS } from "./scaled-parameters.ts";

const ROUND_CONSTANTS_END = ADDRESS.roundConstants + SCALED_ROUND_CONSTANTS.length * STATE_BYTES;

/** The base of addresses that are known here: they stand in the instructions as offsets. */
const ZERO = i32.constant(0);

const stateAddress = (element: number): number => ADDRESS.state + element * ELEMENT_BYTES;

export function assemblePoseidon(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(MEMORY_PAGES);
  module.data(
    ADDRESS.roundConstants,
    Buffer.concat(SCALED_ROUND_CONSTANTS.flat().map((c) => bytesOfLimbs(montgomeryForm(c)))),
  );
  const fifthPower = addFifthPower(module);
  const mix = addMix(module);
  const permute = addPermute(module, fifthPower, mix);
  const absorb = addAbsorb(module);
  const squeeze = addSqueeze(module);
  module.export("hash", addHash(module, absorb, permute, squeeze));
  // For the tests, which reach edges that no hash is known to reach.
  module.export("fifthPower", fifthPower);
  module.export("squeeze", squeeze);
  return module.assemble();
}

/**
 * fifthPower(element): the S-box, in place. For x below 2^258, x^2 is below 2^516/R + p < 2^256,
 * x^4 below 2^512/R + p < 2^255, and x^5 below 2^513/R + p < 2^255.
 */
function addFifthPower(module: ModuleBuilder): number {
  return module.add(["i32"], (newLocal, element) => {
    const scratch = newScratch(newLocal);
    const x = newElement(newLocal);
    const x2 = newElement(newLocal);
    const x4 = newElement(newLocal);
    const x5 = newElement(newLocal);
    return [
      loadElement(x, get(element)),
      reduce(x2, square(x), [], scratch),
      reduce(x4, square(x2), [], scratch),
      reduce(x5, product(x4, x), [], scratch),
      storeElement(x5, get(element)),
    ];
  });
}

/**
 * mix(constants): multiplies the state by the matrix and adds a row of round constants, both as
 * `scaled-parameters.ts` has them: row by row (s0 + b)·(s1 + a) - s0·s1 + s2 + c.
 *
 * In a column, (x + b)·(y + a) - x·y is x·a + b·y + b·a: not negative, and at most 3·9 products of
 * limbs. The limbs of the sums are below 2^30, so before the subtraction a column is below
 * 9·2^60 < 2^64. The state comes from the S-box, below 2^255, and a, b and c are below p < 2^255;
 * so the result is below 3·2^510/R + p + 2^255 + p < 2^257.
 */
function addMix(module: ModuleBuilder): number {
  return module.add(["i32"], (newLocal, constants) => {
    const scratch = newScratch(newLocal);
    const s0 = newElement(newLocal);
    const s1 = newElement(newLocal);
    const s2 = newElement(newLocal);
    const left = newElement(newLocal);
    const right = newElement(newLocal);
    const mixed = newElement(newLocal);
    const common = newColumns(newLocal);
    return [
      [s0, s1, s2].map((element, i) => loadElement(element, ZERO, stateAddress(i))),
      setColumns(common, product(s0, s1)),
      SCALED_MDS.map(([a, b], row) => [
        addConstant(left, s0, montgomeryForm(b)),
        addConstant(right, s1, montgomeryForm(a)),
        reduce(
          mixed,
          minusColumns(product(left, right), common),
          [limbs(s2), limbsInMemory(get(constants), row * ELEMENT_BYTES)],
          scratch,
        ),
        storeElement(mixed, ZERO, stateAddress(row)),
      ]),
    ];
  });
}

/** permute(): the 63 rounds. The constants before the first have been added by `absorb`. */
function addPermute(module: ModuleBuilder, fifthPower: number, mix: number): number {
  return module.add([], (newLocal) => {
    const constants = newLocal("i32");
    return [
      set(constants, i32.constant(ADDRESS.roundConstants + STATE_BYTES)),
      doWhile(
        [
          [0, 1, 2].map((i) => call(fifthPower, i32.constant(stateAddress(i)))),
          call(mix, get(constants)),
          advance(constants, STATE_BYTES),
        ],
        i32.sub(get(constants), i32.constant(ROUND_CONSTANTS_END)),
      ),
    ];
  });
}

/**
 * absorb(pair): adds two field elements to the state, and to all of it the constants that precede
 * a permutation. Multiplying by R^2·d brings an input into the form and the coordinates of the
 * state. For a state below 2^257, as `mix` leaves it, and any input of 256 bits, the sum is below
 * 2^256·2^255/R + p + 2^257 + p < 2^258.
 */
function addAbsorb(module: ModuleBuilder): number {
  return module.add(["i32"], (newLocal, pair) => {
    const scratch = newScratch(newLocal);
    const input = newElement(newLocal);
    const absorbed = newElement(newLocal);
    return [0, 1, 2].map((i) => {
      const intoState = montgomeryForm(montgomeryForm(SCALE[i]!));
      return [
        i < 2 ? loadBytes(input, get(pair), i * FIELD_BYTES) : [],
        reduce(
          absorbed,
          i < 2 ? productWithConstant(input, intoState) : NO_PRODUCT,
          [
            limbsInMemory(ZERO, stateAddress(i)),
            limbsInMemory(ZERO, ADDRESS.roundConstants + i * ELEMENT_BYTES),
          ],
          scratch,
        ),
        storeElement(absorbed, ZERO, stateAddress(i)),
      ];
    });
  });
}

/**
 * squeeze(output): writes the first element of the state as 32 canonical bytes. The factor 1/d,
 * with no R of its own, takes it out of Montgomery form and of our coordinates. The product is
 * below 2^258·2^255/R + p < 2p, as `storeCanonical` wants it.
 */
function addSqueeze(module: ModuleBuilder): number {
  return module.add(["i32"], (newLocal, output) => {
    const scratch = newScratch(newLocal);
    const element = newElement(newLocal);
    const plain = newElement(newLocal);
    const difference = newElement(newLocal);
    return [
      loadElement(element, ZERO, stateAddress(0)),
      reduce(plain, productWithConstant(element, inverse(SCALE[0])), [], scratch),
      storeCanonical(plain, get(output), difference, scratch),
    ];
  });
}

/**
 * hash(pairs, count): hashes `count` inputs of `pairs` pairs each from the input area into the
 * output area. Neither number may be zero.
 */
function addHash(module: ModuleBuilder, absorb: number, permute: number, squeeze: number): number {
  return module.add(["i32", "i32"], (newLocal, pairs, count) => {
    const pair = newLocal("i32");
    const output = newLocal("i32");
    const rest = newLocal("i32");
    return [
      set(pair, i32.constant(ADDRESS.input)),
      set(output, i32.constant(ADDRESS.output)),
      doWhile(
        [
          copyStartState(),
          set(rest, get(pairs)),
          doWhile(
            [call(absorb, get(pair)), call(permute), advance(pair, PAIR_BYTES), advance(rest, -1)],
            get(rest),
          ),
          call(squeeze, get(output)),
          advance(output, FIELD_BYTES),
          advance(count, -1),
        ],
        get(count),
      ),
    ];
  });
}

function copyStartState(): Code {
  return Array.from({ length: STATE_BYTES / 4 }, (_, word) =>
    i32.store(ZERO, i32.load(ZERO, ADDRESS.startState + 4 * word), ADDRESS.state + 4 * word),
  );
}

function advance(local: Local, step: number): Code {
  return set(local, i32.add(get(local), i32.constant(step)));
}
