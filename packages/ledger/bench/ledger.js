// The benchmark of the ledger package: npm run bench:ledger, after a build.
//
//   --json          one JSON document instead of a table; a part that was not measured is null
//   --only a,b      these parts: permutation, kimchi, threads, replay, state_hash, signatures,
//                  accounts, flat
//   --quick         small and rough, to see that it runs
//
// Every figure is the fastest of many short runs, and what is compared runs in turn.

import { parseArgs } from "node:util";
import { mbPer100k } from "./account-memory.js";
import { paymentBlocks } from "./flat.js";
import { canonicalBlocks, hasMainnetData } from "./mainnet-blocks.js";
import { fastestUs } from "./measure.js";
import { kimchiSubjects, legacySubjects, wasmPermutation } from "./poseidon-subjects.js";
import { replayInProcess } from "./replay.js";
import { signatureSubjects } from "./signatures.js";
import { roundsFor, STATE_HASH_PERMUTATIONS, stateHashes } from "./state-hash.js";
import { printTable } from "./table.js";
import { onThreads } from "./threads.js";

const FULL = {
  rounds: 40,
  replays: 3,
  replayedBlocks: Number.POSITIVE_INFINITY,
  accountCount: 100_000,
  smallLedger: 2_000,
  largeLedger: 500_000,
};

const QUICK = {
  rounds: 2,
  replays: 1,
  replayedBlocks: 100,
  accountCount: 2_000,
  smallLedger: 2_000,
  largeLedger: 4_000,
};

const PARTS = {
  async permutation({ size }) {
    const { subjects, dispose } = await legacySubjects();
    try {
      return figures(subjects, size.rounds);
    } finally {
      dispose();
    }
  },

  async kimchi({ size }) {
    const { subjects, dispose } = await kimchiSubjects();
    try {
      return figures(subjects, size.rounds);
    } finally {
      dispose();
    }
  },

  threads({ size }) {
    return onThreads(size.rounds);
  },

  replay({ size }) {
    if (!hasMainnetData) return null;
    const results = [];
    for (let count = 0; count < size.replays; count++) {
      const [wasmUs] = fastestUs([wasmPermutation], size.rounds);
      results.push({ ...replayInProcess(size.replayedBlocks), wasm_us: wasmUs });
    }
    const least = (name) => Math.min(...results.map((result) => result[name]));
    return { ...results[0], seconds: least("seconds"), wasm_us: least("wasm_us") };
  },

  state_hash({ size, blocks }) {
    if (!hasMainnetData) return null;
    const rounds = Math.min(2 * size.rounds, roundsFor(blocks()));
    const [us, wasmUs] = fastestUs([stateHashes(blocks()), wasmPermutation], rounds);
    return { us, wasm_us: wasmUs };
  },

  signatures({ size }) {
    const subjects = { wasm_us: wasmPermutation, ...signatureSubjects() };
    return figures(subjects, Math.ceil(size.rounds / 4));
  },

  accounts({ size }) {
    return { mb_per_100k: mbPer100k(size.accountCount) };
  },

  flat({ size }) {
    const subjects = [size.smallLedger, size.largeLedger].map((accountCount) =>
      paymentBlocks({ accountCount, activeCount: size.smallLedger }),
    );
    const [small, large] = fastestUs(subjects, size.rounds);
    return { us_per_block_2k: small, us_per_block_500k: large };
  },
};

function figures(subjects, rounds) {
  const fastest = fastestUs(Object.values(subjects), rounds);
  return Object.fromEntries(Object.keys(subjects).map((name, at) => [name, fastest[at]]));
}

/**
 * What hashing alone takes is the permutations times the time of one, and there is one such time in a
 * document: the fastest that any part has measured.
 */
function withHashTimes(document) {
  const parts = [document.permutation, document.replay, document.state_hash, document.signatures];
  const wasmUs = Math.min(...parts.map((part) => part?.wasm_us ?? Number.POSITIVE_INFINITY));
  const { permutation, replay: replayed, state_hash: stateHash, signatures } = document;
  if (permutation !== null) permutation.wasm_us = wasmUs;
  if (replayed !== null) {
    delete replayed.wasm_us;
    replayed.hash_seconds = (replayed.permutations * wasmUs) / 1e6;
  }
  if (stateHash !== null) {
    delete stateHash.wasm_us;
    stateHash.hash_us = STATE_HASH_PERMUTATIONS * wasmUs;
  }
  if (signatures !== null) {
    delete signatures.wasm_us;
    signatures.permutations = signatures.block_us / wasmUs;
  }
  return document;
}

function rounded(document) {
  return JSON.parse(
    JSON.stringify(document, (_, value) =>
      typeof value === "number" ? Math.round(value * 1000) / 1000 : value,
    ),
  );
}

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(PARTS).join(",") },
  },
});

const wanted = options.only.split(",");
for (const part of wanted) {
  if (!Object.hasOwn(PARTS, part)) {
    console.error(`unknown part ${part}, expected some of ${Object.keys(PARTS).join(",")}`);
    process.exit(64);
  }
}

let unpacked = null;
const context = {
  size: options.quick ? QUICK : FULL,
  blocks() {
    unpacked ??= canonicalBlocks();
    return unpacked;
  },
};

const measured = {};
for (const [name, measure] of Object.entries(PARTS)) {
  if (wanted.includes(name)) console.error(`measuring ${name}`);
  measured[name] = wanted.includes(name) ? await measure(context) : null;
}
const document = rounded(withHashTimes(measured));
if (options.json) console.log(JSON.stringify(document));
else printTable(document);
