// One batch of blocks: applied to the ledger and compared, with the rows that come of it.

import type { AccessedAccount, CreatedAccount, TargetBlock } from "@forklift/archive";
import type { Ledger } from "@forklift/ledger";
import { type AppliedTransaction, applyBlock } from "../blocks/apply-block.ts";
import type { BalanceCheck } from "../blocks/balance-check.ts";
import type { LedgerHashCheck } from "../blocks/ledger-hash-check.ts";
import { addRows, type RowsOfBlocks } from "../blocks/rows-of-blocks.ts";
import type { Work } from "../blocks/timings.ts";
import { BranchWalk } from "../branches/branch-walk.ts";
import type { BranchesToReplay } from "../branches/read-branches.ts";
import type { BlockToReplay } from "./read-blocks.ts";

export interface Replayed {
  readonly accessed: readonly AccessedAccount[];
  readonly created: readonly CreatedAccount[];
  /** Of the chain. */
  readonly blockCount: number;
  /** Blocks on the branches that begin at those. */
  readonly branchBlockCount: number;
  /** Of all of them. */
  readonly commandCount: number;
  /** Null when there was none to replay. */
  readonly last: TargetBlock | null;
}

export interface BatchTools {
  readonly blocks: AsyncIterator<BlockToReplay, undefined>;
  readonly ledger: Ledger;
  readonly ledgerHashes: LedgerHashCheck;
  readonly balances: BalanceCheck;
  /** Told the milliseconds of every piece of work. */
  readonly timed: <Result>(work: Work, run: () => Promise<Result>) => Promise<Result>;
}

export interface BatchLimits {
  readonly to: bigint;
  readonly blocksMax: number;
  readonly commandsMax: number;
}

/**
 * Ledger hashes are requested, and may not be compared yet when the batch is returned.
 * @throws VerificationError at the first difference in the order of the chain: one of a block whose
 * ledger hash is still to come goes before that of a command after it.
 */
export async function replayBatch(
  tools: BatchTools,
  from: bigint,
  { to, blocksMax, commandsMax }: BatchLimits,
): Promise<Replayed> {
  const rows: RowsOfBlocks = { accessed: [], created: [] };
  let last: TargetBlock | null = null;
  let blockCount = 0;
  let branchBlockCount = 0;
  let commandCount = 0;
  try {
    for (
      let next = from;
      next <= to && blockCount < blocksMax && commandCount < commandsMax;
      next++
    ) {
      const { value } = await tools.timed("reading", () => tools.blocks.next());
      if (value === undefined) throw new Error(`no block was read at height ${next}`);
      await replayOne(tools, value, rows);
      last = value.block;
      blockCount += 1;
      commandCount += value.block.commands.length;
      if (value.branches === null) continue;
      await replayBranches(tools, value.branches, rows);
      branchBlockCount += value.branches.blocks.length;
      for (const { block } of value.branches.blocks) commandCount += block.commands.length;
    }
    await tools.timed("hashing", () => tools.ledgerHashes.askLast());
  } catch (error) {
    await tools.ledgerHashes.settle();
    throw error;
  }
  return { ...rows, blockCount, branchBlockCount, commandCount, last };
}

async function replayOne(
  { ledger, ledgerHashes, balances, timed }: BatchTools,
  { block, balances: recorded, receiptChains }: BlockToReplay,
  rows: RowsOfBlocks,
): Promise<void> {
  const applied: AppliedTransaction = (of, placed) => {
    if (recorded !== null) balances.compare(of, placed);
  };
  if (recorded !== null) balances.begin(recorded);
  await ledgerHashes.before(block);
  const effect = applyBlock(ledger, block, { applied, receiptChains });
  if (recorded !== null) balances.end(block);
  await timed("hashing", () => ledgerHashes.applied(block));
  addRows(rows, ledger, block, effect);
}

/**
 * There and back before anyone else has a turn: receipt chains that are computed ahead begin with the ledger of
 * the chain.
 */
async function replayBranches(
  tools: BatchTools,
  { steps, blocks }: BranchesToReplay,
  rows: RowsOfBlocks,
): Promise<void> {
  const walk = new BranchWalk(tools);
  const asked: Promise<void>[] = [];
  let next = 0;
  for (const step of steps) {
    const answer =
      step.kind === "apply" ? walk.apply(blocks[next++]!, rows) : walk.rollBackTo(step.depth);
    // Its error is met below; until then nobody waits for it.
    answer.catch(() => undefined);
    asked.push(answer);
  }
  await tools.timed("hashing", () => Promise.all(asked));
}
