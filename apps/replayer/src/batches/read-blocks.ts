// The blocks that a replay applies, in their order, read ahead of it.

import {
  healedAmong,
  type RecordedBalance,
  type ReplayBlock,
  readBranchHeaders,
  readReplayBlocks,
  readSourceBalances,
} from "@forklift/archive";
import { least } from "@forklift/chain";
import type { ReceiptsAhead, ReceiptThread } from "@forklift/ledger";
import { readAhead, SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { userCommandsOf } from "../blocks/apply-block.ts";
import { type BranchTree, branchTrees } from "../branches/branch-trees.ts";
import { type BranchesToReplay, readBranches } from "../branches/read-branches.ts";

/** One query: large enough that its round trip does not count. */
const READ_BLOCKS = 100n;

/** What waits while a batch is applied and written: a command takes about 1 kB. */
const COMMANDS_AHEAD_MAX = 20_000;

/**
 * Blocks on the branches of one fork point. Mainnet's had 20 at most; those of a larger one are left to
 * `replay-branches`, which reads and writes them piece by piece.
 */
export const BRANCH_BLOCKS_MAX = 300;

/** Blocks of a page with those on its branches, unless it has but one fork point. */
const PAGE_BLOCKS = 200;

/** A block with what is known of it before it is applied. */
export interface BlockToReplay {
  readonly block: ReplayBlock;
  /** The receipt chains that its user commands leave; null when whoever applies them computes them. */
  readonly receiptChains: readonly Uint8Array[] | null;
  /** What the old archive recorded; null when none are compared. */
  readonly balances: readonly RecordedBalance[] | null;
  /** What is beside the chain and begins at this block; null when nothing does. */
  readonly branches: BranchesToReplay | null;
}

export interface BlockReader {
  readonly target: Session;
  /** The old archive; null reads no balances. */
  readonly balances: Session | null;
  /** Awaited between two reads of the old archive. */
  readonly pauseSource?: (() => Promise<void>) | undefined;
  /** Computes receipt chains ahead of the ledger; null computes none. */
  readonly receipts: Pick<ReceiptThread, "extend"> | null;
  /** Whether branches are read, too. */
  readonly withBranches: boolean;
}

interface Page {
  readonly blocks: readonly Omit<BlockToReplay, "receiptChains">[];
  readonly receipts: ReceiptsAhead | null;
}

interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Whoever asks for the next block has applied those before it.
 * @throws SourceDataError at a height where the target has no block linked to its parent.
 */
export async function* readBlocks(
  reader: BlockReader,
  range: Range,
): AsyncGenerator<BlockToReplay, undefined> {
  const pages = readAhead(readPages(reader, range), {
    weightOf: ({ blocks }) => blocks.reduce((sum, block) => sum + weightOf(block), 0),
    weightMax: COMMANDS_AHEAD_MAX,
  });
  for await (const { blocks, receipts } of pages) {
    const chains = receipts === null ? null : await receipts.chains;
    let from = 0;
    for (const read of blocks) {
      const end = from + userCommandsOf(read.block).length;
      yield { ...read, receiptChains: chains === null ? null : chains.slice(from, end) };
      from = end;
    }
    receipts?.applied();
  }
}

function weightOf({ block, branches }: Pick<BlockToReplay, "block" | "branches">): number {
  const beside = branches?.blocks.map((branch) => 1 + branch.block.commands.length) ?? [];
  return beside.reduce((sum, weight) => sum + weight, 1 + block.commands.length);
}

/** Of a block that was healed, the old archive may have recorded none, or those of other commands. */
async function readBalances(
  target: Session,
  source: Session,
  blocks: readonly ReplayBlock[],
): Promise<ReadonlyMap<string, readonly RecordedBalance[]>> {
  const healed = await healedAmong(
    target,
    blocks.map(({ stateHash }) => stateHash),
  );
  const compared = blocks.filter(({ stateHash }) => !healed.has(stateHash));
  return compared.length === 0 ? new Map() : await readSourceBalances(source, compared);
}

async function* readPages(
  reader: BlockReader,
  { from: first, to: last }: Range,
): AsyncGenerator<Page> {
  const { target, balances: source, pauseSource } = reader;
  for (let from = first; from <= last; from += READ_BLOCKS) {
    const range = { from, to: least(from + READ_BLOCKS - 1n, last) };
    const blocks = await readReplayBlocks(target, range);
    requireWhole(blocks, range);
    if (source !== null && from > first) await pauseSource?.();
    const balances = source === null ? null : await readBalances(target, source, blocks);
    const trees = reader.withBranches
      ? branchTrees(await readBranchHeaders(target, { ...range, blocksMax: BRANCH_BLOCKS_MAX }))
      : NO_TREES;
    for (const part of partsOf(blocks, trees)) {
      const heights = part.map(({ height }) => height).filter((height) => trees.has(height));
      const own = new Map(heights.map((height) => [height, trees.get(height)!]));
      const branches = await readBranches(reader, own);
      yield {
        blocks: part.map((block) => ({
          block,
          balances: balances === null ? null : (balances.get(block.stateHash) ?? []),
          branches: branches.get(block.height) ?? null,
        })),
        receipts:
          reader.receipts === null
            ? null
            : reader.receipts.extend(part.flatMap(userCommandsOf).map(({ command }) => command)),
      };
    }
  }
}

const NO_TREES: ReadonlyMap<bigint, BranchTree> = new Map();

/** Consecutive blocks that are few enough, with what is on their branches, to be read at once. */
function partsOf(
  blocks: readonly ReplayBlock[],
  trees: ReadonlyMap<bigint, BranchTree>,
): readonly (readonly ReplayBlock[])[] {
  const parts: ReplayBlock[][] = [];
  let size = PAGE_BLOCKS;
  for (const block of blocks) {
    const weight = 1 + (trees.get(block.height)?.size ?? 0);
    if (size + weight > PAGE_BLOCKS) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(block);
    size += weight;
  }
  return parts;
}

function requireWhole(blocks: readonly ReplayBlock[], { from, to }: Range): void {
  const gap = blocks.findIndex(({ height }, index) => height !== from + BigInt(index));
  const missing = gap >= 0 ? from + BigInt(gap) : from + BigInt(blocks.length);
  if (gap < 0 && missing === to + 1n) return;
  throw new SourceDataError(`the target has no block linked to its parent at height ${missing}`, {
    hint: "run forklift migrate again, or start from an empty target",
  });
}
