// The legacy Poseidon as a WebAssembly module: whole hashes, any number of them in one call.
//
// The state holds loose elements (see `field-code.ts`) in the coordinates of
// `scaled-parameters.ts`, in Montgomery form. Each function says why it keeps them loose.

import { FIELD_BYTES } from "@forklift/chain";
import { type Code, call, doWhile, get, i32, type Local, set } from "../wasm/instructions.ts";
import { ModuleBuilder } from "../wasm/module-builder.ts";
import {
  limbs,
  limbsInMemory,
  loadBytes,
  loadElement,
  newElement,
  newScratch,
  product,
  productWithConstant,
  reduce,
  square,
  storeCanonical,
  storeElement,
} from "./field-code.ts";
import { bytesOfLimbs, ELEMENT_BYTES, montgomeryForm } from "./limbs.ts";
import { inverse, SCALE, SCALED_MDS, SCALED_ROUND_CONSTANTS } from "./scaled-parameters.ts";

const PAGE_BYTES = 65_536;

export const STATE_BYTES = 3 * ELEMENT_BYTES;

/** Two field elements in their canonical bytes: what one permutation absorbs. */
export const PAIR_BYTES = 2 * FIELD_BYTES;

/** A thousand accounts, or four thousand Merkle nodes: the cost of a call is lost among them. */
export const INPUT_BYTES = 4 * PAGE_BYTES;

/** An input has at least one pair, and a hash is half of a pair. */
const OUTPUT_BYTES = INPUT_BYTES / 2;

const ROUND_CONSTANTS_ADDRESS = 256;

const ROUND_CONSTANTS_END = ROUND_CONSTANTS_ADDRESS + SCALED_ROUND_CONSTANTS.length * STATE_BYTES;

/** Addresses in the module's memory. The first page has room for the state and the constants. */
export const ADDRESS = {
  state: 0,
  /** The state that every hash of a call starts from. */
  startState: 128,
  input: PAGE_BYTES,
  output: PAGE_BYTES + INPUT_BYTES,
} as const;

const MEMORY_PAGES = (ADDRESS.output + OUTPUT_BYTES) / PAGE_BYTES;

/** The base of addresses that are known here: they stand in the instructions as offsets. */
const ZERO = i32.constant(0);

const stateAddress = (element: number): number => ADDRESS.state + element * ELEMENT_BYTES;

export function assemblePoseidon(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(MEMORY_PAGES);
  module.data(
    ROUND_CONSTANTS_ADDRESS,
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
    const [x, x2, x4, x5] = [1, 2, 4, 5].map(() => newElement(newLocal)) as FourElements;
    return [
      loadElement(x, get(element!)),
      reduce(x2, [square(x)], [], scratch),
      reduce(x4, [square(x2)], [], scratch),
      reduce(x5, [product(x4, x)], [], scratch),
      storeElement(x5, get(element!)),
    ];
  });
}

type Elements = ReturnType<typeof newElement>;
type FourElements = [Elements, Elements, Elements, Elements];

/**
 * mix(constants): multiplies the state by the matrix and adds a row of round constants. The state
 * comes from the S-box, below 2^255, and matrix and constants are below p < 2^255; so the result
 * is below 2·2^510/R + p + 2^255 + p < 2^257.
 */
function addMix(module: ModuleBuilder): number {
  return module.add(["i32"], (newLocal, constants) => {
    const scratch = newScratch(newLocal);
    const [s0, s1, s2, mixed] = [0, 1, 2, 3].map(() => newElement(newLocal)) as FourElements;
    return [
      [s0, s1, s2].map((element, i) => loadElement(element, ZERO, stateAddress(i))),
      SCALED_MDS.map(([m0, m1], row) => [
        reduce(
          mixed,
          [
            productWithConstant(s0, montgomeryForm(m0)),
            productWithConstant(s1, montgomeryForm(m1)),
          ],
          [limbs(s2), limbsInMemory(get(constants!), row * ELEMENT_BYTES)],
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
      set(constants, i32.constant(ROUND_CONSTANTS_ADDRESS + STATE_BYTES)),
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
    const [input, absorbed] = [newElement(newLocal), newElement(newLocal)];
    return [0, 1, 2].map((i) => {
      const intoState = montgomeryForm(montgomeryForm(SCALE[i]!));
      return [
        i < 2 ? loadBytes(input, get(pair!), i * FIELD_BYTES) : [],
        reduce(
          absorbed,
          i < 2 ? [productWithConstant(input, intoState)] : [],
          [
            limbsInMemory(ZERO, stateAddress(i)),
            limbsInMemory(ZERO, ROUND_CONSTANTS_ADDRESS + i * ELEMENT_BYTES),
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
    const [element, plain, difference] = [1, 2, 3].map(() => newElement(newLocal)) as FourElements;
    return [
      loadElement(element, ZERO, stateAddress(0)),
      reduce(plain, [productWithConstant(element, inverse(SCALE[0]))], [], scratch),
      storeCanonical(plain, get(output!), difference, scratch),
    ];
  });
}

/**
 * hash(pairs, count): hashes `count` inputs of `pairs` pairs each from the input area into the
 * output area. Neither number may be zero.
 */
function addHash(module: ModuleBuilder, absorb: number, permute: number, squeeze: number): number {
  return module.add(["i32", "i32"], (newLocal, pairs, count) => {
    const [pair, output, rest] = [newLocal("i32"), newLocal("i32"), newLocal("i32")];
    return [
      set(pair, i32.constant(ADDRESS.input)),
      set(output, i32.constant(ADDRESS.output)),
      doWhile(
        [
          copyStartState(),
          set(rest, get(pairs!)),
          doWhile(
            [call(absorb, get(pair)), call(permute), advance(pair, PAIR_BYTES), advance(rest, -1)],
            get(rest),
          ),
          call(squeeze, get(output)),
          advance(output, FIELD_BYTES),
          advance(count!, -1),
        ],
        get(count!),
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
