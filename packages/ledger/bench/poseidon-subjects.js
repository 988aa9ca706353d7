// Ways to compute a Poseidon permutation, each as a subject to measure.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { FIELD_BYTES, fieldToBytes } from "@forklift/chain";
import { kimchiHash, legacyHash } from "../dist/poseidon/hash-inputs.js";
import { KIMCHI_PARAMETERS } from "../dist/poseidon/kimchi-parameters.js";
import { LEGACY_PARAMETERS } from "../dist/poseidon/legacy-parameters.js";
import { permute } from "../dist/poseidon/reference.js";
import { compilePermutation } from "./c-permutation.js";

/** So few that a run takes some milliseconds, and often fits between two interruptions. */
const SINGLE_PERMUTATIONS = 128;
const BATCH_PERMUTATIONS = 256;
const BIGINT_PERMUTATIONS = 32;
const C_PERMUTATIONS = 128;

const PAIR_BYTES = 2 * FIELD_BYTES;

/** Any prefix: hashing one pair under it is one permutation. */
const PREFIX = "CodaMklTree000";

const pairs = Buffer.concat(
  Array.from({ length: 2 * BATCH_PERMUTATIONS }, (_, at) => fieldToBytes(BigInt(at) ** 16n)),
);

/** One call for each permutation, the next one waiting for the last as in a chain of hashes. */
function oneByOne(hash) {
  const pair = pairs.slice(0, PAIR_BYTES);
  return {
    operations: SINGLE_PERMUTATIONS,
    run() {
      for (let count = 0; count < SINGLE_PERMUTATIONS; count++) {
        pair.set(hash.hash(PREFIX, pair, 1));
      }
    },
  };
}

/** Independent hashes in one call, on one thread. */
function sideBySide(hash) {
  return {
    operations: BATCH_PERMUTATIONS,
    run() {
      hash.hash(PREFIX, pairs, 1);
    },
  };
}

function inBigInt(parameters) {
  return chained((state) => permute(parameters, state));
}

function chained(permutation) {
  return {
    operations: BIGINT_PERMUTATIONS,
    run() {
      let state = [1n, 2n, 3n];
      for (let count = 0; count < BIGINT_PERMUTATIONS; count++) state = permutation(state);
    },
  };
}

/** mina-signer keeps its Poseidons to itself, so the files are taken by their path. */
async function minaSigner(name) {
  const folder = path.dirname(createRequire(import.meta.url).resolve("mina-signer"));
  const file = path.join(folder, "../bindings/crypto/poseidon.js");
  const { [name]: poseidon } = await import(pathToFileURL(file).href);
  // Absorbing nothing takes one permutation.
  return chained((state) => poseidon.update(state, []));
}

/** Too large to depend on; measured where somebody ran `npm install --no-save o1js`. */
async function o1js() {
  const module = await import("o1js").catch(() => null);
  if (module === null) return null;
  const { Field, initializeBindings, Poseidon } = module;
  await initializeBindings();
  const pair = [Field(1), Field(2)];
  return {
    operations: BIGINT_PERMUTATIONS,
    run() {
      for (let count = 0; count < BIGINT_PERMUTATIONS; count++) Poseidon.hash(pair);
    },
  };
}

function inC(compiled) {
  if (compiled === null) return null;
  return { operations: C_PERMUTATIONS, run: () => compiled.timeMs(C_PERMUTATIONS) };
}

/** What hashing costs: the figure by which all others are judged. */
export const wasmPermutation = oneByOne(legacyHash);

/** Names of figures and what they measure. Call `dispose` afterwards. */
export async function legacySubjects() {
  const compiled = compilePermutation();
  return {
    subjects: {
      wasm_us: wasmPermutation,
      batch_us: sideBySide(legacyHash),
      bigint_us: inBigInt(LEGACY_PARAMETERS),
      mina_signer_us: await minaSigner("PoseidonLegacy"),
      c_us: inC(compiled),
    },
    dispose: () => compiled?.dispose(),
  };
}

export async function kimchiSubjects() {
  return {
    subjects: {
      wasm_us: oneByOne(kimchiHash),
      batch_us: sideBySide(kimchiHash),
      bigint_us: inBigInt(KIMCHI_PARAMETERS),
      mina_signer_us: await minaSigner("Poseidon"),
      o1js_us: await o1js(),
    },
    dispose: () => undefined,
  };
}
