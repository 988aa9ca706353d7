// From the parsed JSON of a block to its state hash, beside the permutations alone.

import { decodeProtocolState, hashProtocolState } from "../dist/index.js";
import { jsonOf } from "./mainnet-blocks.js";

/** Every round takes other blocks, so that none is in the caches but what a chain repeats. */
const BLOCKS_IN_ROUND = 24;

/** Eleven for the body and one to chain it to the parent. */
export const STATE_HASH_PERMUTATIONS = 12;

export function roundsFor(blocks) {
  return Math.floor(blocks.length / BLOCKS_IN_ROUND);
}

export function stateHashes(blocks) {
  const parsed = blocks.map((file) => ({ ...file, json: jsonOf(file).protocol_state }));
  return {
    operations: BLOCKS_IN_ROUND,
    run(round) {
      const start = round * BLOCKS_IN_ROUND;
      for (const { json, stateHash } of parsed.slice(start, start + BLOCKS_IN_ROUND)) {
        const found = hashProtocolState(decodeProtocolState(json));
        if (found !== stateHash) throw new Error(`state hash ${found}, expected ${stateHash}`);
      }
    },
  };
}
