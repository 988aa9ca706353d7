// Real blocks, orphans included: their ledger hashes depend neither on the number of threads nor on the
// window of blocks that are hashed together.

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { applyTransaction } from "../src/apply/apply-transaction.ts";
import { hashProtocolState } from "../src/block/protocol-state-hash.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { openLedgerTree } from "../src/ledger/open-ledger-tree.ts";
import { hasMainnetData, unpackBlocks } from "./mainnet-data.ts";
import { type Block, decodeGenesis, genesisAccounts, readBlock } from "./replayed-blocks.ts";
import { THREADS_AND_WINDOWS, type ThreadsAndWindow } from "./threads-and-windows.ts";

/** Blocks up to a height by the state hash of their parent. */
async function readBranches(heightMax: bigint): Promise<Map<string, Block[]>> {
  const files = await unpackBlocks();
  const children = new Map<string, Block[]>();
  for (const { height, stateHash } of files.names) {
    if (height > heightMax) break;
    const block = readBlock(files.read(stateHash));
    const siblings = children.get(block.state.previousStateHash) ?? [];
    children.set(block.state.previousStateHash, [...siblings, block]);
  }
  return children;
}

/** Every branch from where its parent left the ledger; no answer is waited for before the last question. */
async function requireLedgerHashes(
  children: ReadonlyMap<string, readonly Block[]>,
  { threads, windowBlocks }: ThreadsAndWindow,
): Promise<number> {
  const ledger = new Ledger(genesisAccounts());
  await using tree = openLedgerTree(ledger, threads, windowBlocks);
  const [answers, recorded]: [Promise<string>[], string[]] = [[], []];
  const replayBranches = (parent: Block["state"]) => {
    const slot = parent.body.consensusState.globalSlotSinceGenesis as GlobalSlotSinceGenesis;
    for (const { state, transactions } of children.get(hashProtocolState(parent)) ?? []) {
      const fork = ledger.mark();
      for (const transaction of transactions) applyTransaction(ledger, transaction, slot);
      answers.push(tree.ledgerHash());
      recorded.push(state.body.blockchainState.stagedLedgerHash.nonSnark.ledgerHash);
      replayBranches(state);
      ledger.rollBack(fork);
    }
  };
  replayBranches(decodeGenesis());
  expect(await Promise.all(answers)).toEqual(recorded);
  return recorded.length;
}

describe.skipIf(!hasMainnetData)("the first blocks of mainnet", () => {
  test("lead to their ledger hashes with two threads and windows of seven blocks", async () => {
    const branches = await readBranches(25n);
    expect(await requireLedgerHashes(branches, { threads: 2, windowBlocks: 7 })).toBe(39);
  });

  test.for(THREADS_AND_WINDOWS)(
    "do with $threads threads and windows of $windowBlocks",
    { tags: ["only-in-all"], timeout: 120_000 },
    async (how) => {
      expect(await requireLedgerHashes(await readBranches(200n), how)).toBe(348);
    },
  );
});
