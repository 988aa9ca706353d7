// The legacy Poseidon in C, compiled where there is a compiler: how fast it could be without one of
// the limits that WebAssembly sets.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { FIELD_MODULUS } from "@forklift/chain";
import { LEGACY_PARAMETERS } from "../dist/poseidon/legacy-parameters.js";
import { permute } from "../dist/poseidon/reference.js";

const SOURCE = path.join(import.meta.dirname, "legacy-poseidon.c");

const START = [1n, 2n, 3n];

/** Permutations after which the program's state is compared with ours. */
const CHECKED = 16;

const RADIX = 1n << 256n;

/**
 * Compiles the program and checks what it computes. Null when there is no compiler, or none that
 * knows 128-bit integers.
 * @throws Error when it computes something else than we do.
 */
export function compilePermutation() {
  const folder = mkdtempSync(path.join(tmpdir(), "forklift-bench-"));
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  const program = path.join(folder, "legacy-poseidon");
  writeFileSync(path.join(folder, "parameters.h"), header(LEGACY_PARAMETERS));
  try {
    const options = ["-O3", "-I", folder, "-o", program, SOURCE];
    execFileSync("cc", options, { stdio: "ignore" });
    requireSameResult(run(program, CHECKED).state);
  } catch (error) {
    dispose();
    if (error.code === "ENOENT" || typeof error.status === "number") return null;
    throw error;
  }
  /** Milliseconds, by the program's own clock. */
  const timeMs = (count) => run(program, count).nanoseconds / 1e6;
  return { timeMs, dispose };
}

function run(program, count) {
  const [nanoseconds, ...elements] = execFileSync(program, [String(count)], { encoding: "utf8" })
    .trim()
    .split(" ");
  const state = elements.map((hex) => fromMontgomery(BigInt(`0x${hex}`)));
  return { nanoseconds: Number(nanoseconds), state };
}

function requireSameResult(found) {
  let expected = START;
  for (let count = 0; count < CHECKED; count++) expected = permute(LEGACY_PARAMETERS, expected);
  if (found.some((element, at) => element !== expected[at])) {
    throw new Error(
      `the program in C computes ${found.join(", ")}, expected ${expected.join(", ")}`,
    );
  }
}

function header({ matrix, roundConstants }) {
  const p = FIELD_MODULUS;
  const row = (elements) => `{${elements.map((it) => words((it * RADIX) % p)).join(", ")}}`;
  const rows = (elements) => `{\n  ${elements.map(row).join(",\n  ")}\n}`;
  return [
    "#include <stdint.h>",
    `#define ROWS ${roundConstants.length}`,
    `static const uint64_t MODULUS[4] = ${words(p)};`,
    `static const uint64_t INVERSE = ${word(-inverse(p, 1n << 64n))};`,
    `static const uint64_t MATRIX[3][3][4] = ${rows(matrix)};`,
    `static const uint64_t CONSTANTS[ROWS][3][4] = ${rows(roundConstants)};`,
    `static const uint64_t START[3][4] = ${row(START)};`,
    "",
  ].join("\n");
}

/** Lowest word first. */
function words(number) {
  return `{${[0n, 64n, 128n, 192n].map((shift) => word(number >> shift)).join(", ")}}`;
}

function word(number) {
  return `0x${BigInt.asUintN(64, number).toString(16)}u`;
}

function fromMontgomery(number) {
  return (number * inverse(RADIX, FIELD_MODULUS)) % FIELD_MODULUS;
}

/** By Euclid's algorithm; the two have no common divisor. */
function inverse(number, modulus) {
  let [a, b, x, y] = [number % modulus, modulus, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}
