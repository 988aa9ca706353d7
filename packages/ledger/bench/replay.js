// The canonical chain of mainnet, replayed: JSON to transactions, transactions to the ledger, a root
// for every block, each of which must be the one in the block.
//
// node replay.js [BLOCKS] prints what it took. Every replay is a process of its own, since a second
// one would find its texts decoded and its code compiled.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  applyTransaction,
  decodeProtocolState,
  decodeStagedLedgerDiff,
  Ledger,
  transactionsOfDiff,
} from "../dist/index.js";
import { permutationsDone } from "../dist/poseidon/hash-inputs.js";
import { canonicalBlocks, genesisAccounts, jsonOf } from "./mainnet-blocks.js";

const PROGRAM = fileURLToPath(import.meta.url);

/** Blocks, seconds and permutations of a replay up to so many blocks. */
export function replayInProcess(blocksMax) {
  const args = [PROGRAM, String(blocksMax)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function replay(blocks) {
  const ledger = new Ledger(genesisAccounts());
  ledger.ledgerHash();
  const permutationsBefore = permutationsDone();
  const start = performance.now();
  let parentSlot = 0n;
  for (const file of blocks) {
    const json = jsonOf(file);
    const { consensusState, blockchainState } = decodeProtocolState(json.protocol_state).body;
    const diff = decodeStagedLedgerDiff(json.staged_ledger_diff);
    for (const transaction of transactionsOfDiff(diff, consensusState)) {
      applyTransaction(ledger, transaction, parentSlot);
    }
    const expected = blockchainState.stagedLedgerHash.nonSnark.ledgerHash;
    const found = ledger.ledgerHash();
    if (found !== expected) {
      throw new Error(`height ${file.height}: ledger hash ${found}, expected ${expected}`);
    }
    parentSlot = consensusState.globalSlotSinceGenesis;
  }
  return {
    blocks: blocks.length,
    seconds: (performance.now() - start) / 1000,
    permutations: permutationsDone() - permutationsBefore,
  };
}

if (process.argv[1] === PROGRAM) {
  const blocks = canonicalBlocks().slice(0, Number(process.argv[2] ?? Number.POSITIVE_INFINITY));
  console.log(JSON.stringify(replay(blocks)));
}
