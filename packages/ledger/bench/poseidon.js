// How fast the legacy Poseidon is, in WebAssembly and in BigInt, and what a ledger takes with it.
//
// node packages/ledger/bench/poseidon.js [--json], after a build.

import { fieldToBytes, publicKeyText } from "@forklift/chain";
import { Ledger, newAccount, permute } from "../dist/index.js";
import { assemblePoseidon } from "../dist/poseidon/permutation-code.js";
import { hashPairs, ZERO_STATE } from "../dist/poseidon/poseidon-module.js";

/** Whatever else the machine does can only slow a round down, so the fastest one counts. */
const ROUNDS = 12;

const WASM_PERMUTATIONS = 2048;
const BIGINT_PERMUTATIONS = 128;

/** As many as mainnet started with, and as many as a busy block changes. */
const GENESIS_ACCOUNTS = 1676;
const DIRTY_ACCOUNTS = 60;

/** Runs the measurements in turn, so that a busy moment of the machine hits all of them. */
function fastestMs(measurements) {
  const fastest = measurements.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, measure] of measurements.entries()) {
      const start = performance.now();
      measure();
      fastest[at] = Math.min(fastest[at], performance.now() - start);
    }
  }
  return fastest;
}

const inputs = Buffer.concat(
  Array.from({ length: 2 * WASM_PERMUTATIONS }, (_, at) => fieldToBytes(BigInt(at) ** 16n)),
);

function permuteInWasm() {
  hashPairs(ZERO_STATE, inputs, 1);
}

function permuteInBigInt() {
  let state = [1n, 2n, 3n];
  for (let count = 0; count < BIGINT_PERMUTATIONS; count++) state = permute(state);
}

const accounts = Array.from({ length: GENESIS_ACCOUNTS }, (_, at) =>
  newAccount(publicKeyText({ x: BigInt(at) ** 16n, isOdd: at % 2 === 1 }), BigInt(at)),
);

function hashGenesis() {
  new Ledger(accounts).ledgerHash();
}

const ledger = new Ledger(accounts);
ledger.ledgerHash();
let balance = 0n;

function rehashDirty() {
  balance += 1n;
  for (let count = 0; count < DIRTY_ACCOUNTS; count++) {
    const index = (count * 997) % GENESIS_ACCOUNTS;
    ledger.replace(index, { ...ledger.account(index), balance });
  }
  ledger.ledgerHash();
}

const [wasmMs, bigintMs, genesisMs, dirtyMs, assemblyMs] = fastestMs([
  permuteInWasm,
  permuteInBigInt,
  hashGenesis,
  rehashDirty,
  assemblePoseidon,
]);

const wasmUs = (1000 * wasmMs) / WASM_PERMUTATIONS;
const bigintUs = (1000 * bigintMs) / BIGINT_PERMUTATIONS;

/** Names of the figures are a contract of --json. */
const figures = {
  wasmPermutationUs: round(wasmUs),
  bigintPermutationUs: round(bigintUs),
  speedup: round(bigintUs / wasmUs),
  genesisAccounts: GENESIS_ACCOUNTS,
  genesisLedgerHashMs: round(genesisMs),
  dirtyAccounts: DIRTY_ACCOUNTS,
  dirtyLedgerHashMs: round(dirtyMs),
  assemblyMs: round(assemblyMs),
};

function round(value) {
  return Math.round(value * 100) / 100;
}

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(figures));
} else {
  console.log(`a permutation in WebAssembly   ${figures.wasmPermutationUs} µs`);
  console.log(`a permutation in BigInt        ${figures.bigintPermutationUs} µs`);
  console.log(`speedup                        ${figures.speedup}`);
  console.log(`${GENESIS_ACCOUNTS} new accounts to a root    ${figures.genesisLedgerHashMs} ms`);
  console.log(`${DIRTY_ACCOUNTS} changed accounts to a root  ${figures.dirtyLedgerHashMs} ms`);
  console.log(`assembling the module          ${figures.assemblyMs} ms`);
}
