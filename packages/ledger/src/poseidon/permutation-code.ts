// Poseidon as a WebAssembly module: whole hashes, any number of them in one call.
//
// The state holds loose elements (see `field-code.ts`) in the coordinates of
// `scaled-parameters.ts`, in Montgomery form. Each function says why it keeps them loose.

import { FIELD_BYTES } from "@forklift/chain";
import { type Code, call, doWhile, get, i32, i64, type Local, set } from "../wasm/instructions.ts";
import { ModuleBuilder } from "../wasm/module-builder.ts";
import { loadBytes, storeCanonical } from "./field-bytes-code.ts";
import {
  addConstant,
  type Element,
  limbsOfConstant,
  limbsOfState,
  loadElement,
  loadFactor,
  minusColumns,
  NO_PRODUCT,
  newElement,
  newScratch,
  product,
  productWithConstant,
  reduce,
  square,
  storeColumns,
  storeElement,
  toFactor,
} from "./field-code.ts";
import { LANE_BYTES, type Lanes, oneLane, STATE_LIMB_BYTES, twoLanes } from "./lanes.ts";
import { bytesOfConstant, CONSTANT_BYTES, LIMB_COUNT, montgomeryForm } from "./limbs.ts";
import {
  ADDRESS,
  CONSTANTS_ROW_BYTES,
  MEMORY_PAGES,
  PAIR_BYTES,
  STATE_ELEMENT_BYTES,
} from "./memory-layout.ts";
import type { PoseidonParameters } from "./parameters.ts";
import { inverse, type ScaledParameters, scaleParameters } from "./scaled-parameters.ts";

const STATE = i32.constant(ADDRESS.state);

/** The second of two hashes that are computed at once. */
const STATE_2 = i32.constant(ADDRESS.state + LANE_BYTES);

/** Offsets from a state: to the powers of its elements, and to the columns of a product. */
const TO_POWERS = ADDRESS.powers - ADDRESS.state;
const TO_COMMON = ADDRESS.common - ADDRESS.state;

const powerOffset = (element: number): number => TO_POWERS + element * STATE_ELEMENT_BYTES;

/** Indexes of functions that permute one state, or both. */
interface Permutation {
  readonly power: number;
  readonly permute: number;
}

export function assemblePoseidon(parameters: PoseidonParameters): Uint8Array<ArrayBuffer> {
  const scaled = scaleParameters(parameters);
  const module = new ModuleBuilder(MEMORY_PAGES);
  module.data(
    ADDRESS.roundConstants,
    Buffer.concat(scaled.roundConstants.flat().map((c) => bytesOfConstant(montgomeryForm(c)))),
  );
  const one = addPermutation(module, oneLane, scaled);
  const two = addPermutation(module, twoLanes, scaled);
  const absorb = addAbsorb(module, scaled);
  const squeeze = addSqueeze(module, scaled);
  module.export("hash", addHash(module, absorb, one.permute, squeeze));
  module.export("hashTwo", addHashTwo(module, absorb, two.permute, squeeze));
  // For the tests, which reach edges that no hash is known to reach.
  module.export("power", one.power);
  module.export("powerOfBoth", two.power);
  module.export("squeeze", squeeze);
  return module.assemble();
}

function addPermutation(
  module: ModuleBuilder,
  lanes: Lanes,
  scaled: ScaledParameters,
): Permutation {
  const power = addPower(module, lanes, scaled);
  const common = addCommon(module, lanes, scaled);
  const mixRows = [0, 1, 2].map((row) => addMixRow(module, lanes, scaled, row));
  return { power, permute: addPermute(module, scaled, power, common, mixRows) };
}

/**
 * power(state): the S-box, from an element of the state to the same element of the powers. For x
 * below 2^258, x^2 is below 2^516/R + p < 2^256, x^4 below 2^512/R + p < 2^255, x^6 below
 * 2^511/R + p < 2^255, and the power, one of the last two times x, below 2^513/R + p < 2^255.
 */
function addPower(module: ModuleBuilder, lanes: Lanes, { exponent }: ScaledParameters): number {
  return module.add(["i32"], (newLocal, element) => {
    const scratch = newScratch(lanes, newLocal);
    const newFactor = (): Element => newElement(lanes, newLocal);
    const [x, x2, x4, x6, power] = [
      newFactor(),
      newFactor(),
      newFactor(),
      newFactor(),
      newFactor(),
    ];
    return [
      loadFactor(lanes, x, get(element)),
      reduce(lanes, x2, square(lanes, x), [], scratch),
      toFactor(lanes, x2),
      reduce(lanes, x4, square(lanes, x2), [], scratch),
      toFactor(lanes, x4),
      exponent === 5
        ? reduce(lanes, power, product(lanes, x4, x), [], scratch)
        : [
            reduce(lanes, x6, product(lanes, x4, x2), [], scratch),
            toFactor(lanes, x6),
            reduce(lanes, power, product(lanes, x6, x), [], scratch),
          ],
      storeElement(lanes, power, get(element), TO_POWERS),
    ];
  });
}

/**
 * common(state): the product of the powers x and y that the rows of the matrix share, column by
 * column.
 */
function addCommon(module: ModuleBuilder, lanes: Lanes, { others }: ScaledParameters): number {
  return module.add(["i32"], (newLocal, state) => {
    const [x, y] = [newElement(lanes, newLocal), newElement(lanes, newLocal)];
    return [
      loadFactor(lanes, x, get(state), powerOffset(others[0])),
      loadFactor(lanes, y, get(state), powerOffset(others[1])),
      storeColumns(lanes, product(lanes, x, y), get(state), TO_COMMON),
    ];
  });
}

/**
 * mixRow(state, constants): one row of the matrix times the powers, and a round constant added, both
 * as `scaled-parameters.ts` has them: (x + b)·(y + a) - x·y + z + c.
 *
 * In a column, (x + b)·(y + a) - x·y is x·a + b·y + b·a: not negative, and at most 3·9 products of
 * limbs. The limbs of the sums are below 2^30, so before the subtraction a column is below
 * 9·2^60 < 2^64. The powers are below 2^255, and a, b and c below p < 2^255; so the result is below
 * 3·2^510/R + p + 2^255 + p < 2^257.
 */
function addMixRow(
  module: ModuleBuilder,
  lanes: Lanes,
  { unit, others, factors }: ScaledParameters,
  row: number,
): number {
  const [a, b] = factors[row]!;
  return module.add(["i32", "i32"], (newLocal, state, constants) => {
    const scratch = newScratch(lanes, newLocal);
    const [x, y] = [newElement(lanes, newLocal), newElement(lanes, newLocal)];
    const mixed = newElement(lanes, newLocal);
    return [
      loadFactor(lanes, x, get(state), powerOffset(others[0])),
      loadFactor(lanes, y, get(state), powerOffset(others[1])),
      addConstant(lanes, x, montgomeryForm(b)),
      addConstant(lanes, y, montgomeryForm(a)),
      reduce(
        lanes,
        mixed,
        minusColumns(lanes, product(lanes, x, y), get(state), TO_COMMON),
        [
          limbsOfState(lanes, get(state), powerOffset(unit)),
          limbsOfConstant(lanes, get(constants), row * CONSTANT_BYTES),
        ],
        scratch,
      ),
      storeElement(lanes, mixed, get(state), row * STATE_ELEMENT_BYTES),
    ];
  });
}

/** permute(state): the rounds. The constants before the first have been added by `absorb`. */
function addPermute(
  module: ModuleBuilder,
  { roundConstants }: ScaledParameters,
  power: number,
  common: number,
  mixRows: readonly number[],
): number {
  const end = ADDRESS.roundConstants + roundConstants.length * CONSTANTS_ROW_BYTES;
  return module.add(["i32"], (newLocal, state) => {
    const constants = newLocal("i32");
    return [
      set(constants, i32.constant(ADDRESS.roundConstants + CONSTANTS_ROW_BYTES)),
      doWhile(
        [
          [0, 1, 2].map((i) =>
            call(power, i32.add(get(state), i32.constant(i * STATE_ELEMENT_BYTES))),
          ),
          call(common, get(state)),
          mixRows.map((mixRow) => call(mixRow, get(state), get(constants))),
          advance(constants, CONSTANTS_ROW_BYTES),
        ],
        i32.sub(get(constants), i32.constant(end)),
      ),
    ];
  });
}

/**
 * absorb(state, pair): adds two field elements to one state, and to all of it the constants that
 * precede a permutation. Multiplying by R^2·d brings an input into the form and the coordinates of
 * the state. For a state below 2^257, as `mix` leaves it, and any input of 256 bits, the sum is
 * below 2^256·2^255/R + p + 2^257 + p < 2^258.
 */
function addAbsorb(module: ModuleBuilder, { scale }: ScaledParameters): number {
  const lanes = oneLane;
  return module.add(["i32", "i32"], (newLocal, state, pair) => {
    const scratch = newScratch(lanes, newLocal);
    const input = newElement(lanes, newLocal);
    const absorbed = newElement(lanes, newLocal);
    return [0, 1, 2].map((i) => {
      const intoState = montgomeryForm(montgomeryForm(scale[i]!));
      return [
        i < 2 ? loadBytes(input, get(pair), i * FIELD_BYTES) : [],
        reduce(
          lanes,
          absorbed,
          i < 2 ? productWithConstant(lanes, input, intoState) : NO_PRODUCT,
          [
            limbsOfState(lanes, get(state), i * STATE_ELEMENT_BYTES),
            limbsOfConstant(lanes, i32.constant(ADDRESS.roundConstants), i * CONSTANT_BYTES),
          ],
          scratch,
        ),
        storeElement(lanes, absorbed, get(state), i * STATE_ELEMENT_BYTES),
      ];
    });
  });
}

/**
 * squeeze(state, output): writes the first element of one state as 32 canonical bytes. The factor
 * 1/d, with no R of its own, takes it out of Montgomery form and of our coordinates. The product is
 * below 2^258·2^255/R + p < 2p, as `storeCanonical` wants it.
 */
function addSqueeze(module: ModuleBuilder, { scale }: ScaledParameters): number {
  const lanes = oneLane;
  return module.add(["i32", "i32"], (newLocal, state, output) => {
    const scratch = newScratch(lanes, newLocal);
    const element = newElement(lanes, newLocal);
    const plain = newElement(lanes, newLocal);
    const difference = newElement(lanes, newLocal);
    return [
      loadElement(lanes, element, get(state)),
      reduce(lanes, plain, productWithConstant(lanes, element, inverse(scale[0])), [], scratch),
      storeCanonical(plain, get(output), difference, scratch),
    ];
  });
}

/**
 * hash(pairs, input, output): hashes one input of that many pairs, of which there is at least one.
 */
function addHash(module: ModuleBuilder, absorb: number, permute: number, squeeze: number): number {
  return module.add(["i32", "i32", "i32"], (_newLocal, pairs, input, output) => [
    copyStartState(STATE),
    doWhile(
      [
        call(absorb, STATE, get(input)),
        call(permute, STATE),
        advance(input, PAIR_BYTES),
        advance(pairs, -1),
      ],
      get(pairs),
    ),
    call(squeeze, STATE, get(output)),
  ]);
}

/**
 * hashTwo(pairs, couples, input, output): the same for inputs that follow one another, two at a
 * time. Neither number may be zero.
 */
function addHashTwo(
  module: ModuleBuilder,
  absorb: number,
  permute: number,
  squeeze: number,
): number {
  return module.add(["i32", "i32", "i32", "i32"], (newLocal, pairs, couples, input, output) => {
    const rest = newLocal("i32");
    const second = newLocal("i32");
    return [
      doWhile(
        [
          copyStartState(STATE),
          copyStartState(STATE_2),
          set(second, i32.add(get(input), i32.mul(get(pairs), i32.constant(PAIR_BYTES)))),
          set(rest, get(pairs)),
          doWhile(
            [
              call(absorb, STATE, get(input)),
              call(absorb, STATE_2, get(second)),
              call(permute, STATE),
              advance(input, PAIR_BYTES),
              advance(second, PAIR_BYTES),
              advance(rest, -1),
            ],
            get(rest),
          ),
          call(squeeze, STATE, get(output)),
          call(squeeze, STATE_2, i32.add(get(output), i32.constant(FIELD_BYTES))),
          set(input, get(second)),
          advance(output, 2 * FIELD_BYTES),
          advance(couples, -1),
        ],
        get(couples),
      ),
    ];
  });
}

function copyStartState(state: Code): Code {
  return Array.from({ length: 3 * LIMB_COUNT }, (_, limb) => {
    const offset = limb * STATE_LIMB_BYTES;
    return i64.store(state, i64.load(i32.constant(0), ADDRESS.startState + offset), offset);
  });
}

function advance(local: Local, step: number): Code {
  return set(local, i32.add(get(local), i32.constant(step)));
}
