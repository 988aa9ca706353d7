// The blocks that a replay applies, in their order, read ahead of it.

import {
  type RecordedBalance,
  type ReplayBlock,
  readReplayBlocks,
  readSourceBalances,
} from "@forklift/archive";
import { least } from "@forklift/chain";
import type { ReceiptsAhead, ReceiptThread } from "@forklift/ledger";
import { readAhead, SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { userCommandsOf } from "./apply-block.ts";

/** One query: large enough that its round trip does not count. */
const READ_BLOCKS = 100n;

/** What waits while a batch is applied and written: a command takes about 1 kB. */
const COMMANDS_AHEAD_MAX = 20_000;

/** A block with what is known of it before it is applied. */
export interface BlockToReplay {
  readonly block: ReplayBlock;
  /** The receipt chains that its user commands leave; null when whoever applies them computes them. */
  readonly receiptChains: readonly Uint8Array[] | null;
  /** What the old archive recorded; null when none are compared. */
  readonly balances: readonly RecordedBalance[] | null;
}

export interface BlockReader {
  readonly target: Session;
  /** The old archive; null reads no balances. */
  readonly balances: Session | null;
  /** Awaited between two reads of the old archive. */
  readonly pauseSource?: (() => Promise<void>) | undefined;
  /** Computes receipt chains ahead of the ledger; null computes none. */
  readonly receipts: Pick<ReceiptThread, "extend"> | null;
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
    weightOf: ({ blocks }) => blocks.reduce((sum, { block }) => sum + 1 + block.commands.length, 0),
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

async function* readPages(
  { target, balances: source, pauseSource, receipts }: BlockReader,
  { from: first, to: last }: Range,
): AsyncGenerator<Page> {
  for (let from = first; from <= last; from += READ_BLOCKS) {
    const range = { from, to: least(from + READ_BLOCKS - 1n, last) };
    const blocks = await readReplayBlocks(target, range);
    requireWhole(blocks, range);
    if (source !== null && from > first) await pauseSource?.();
    const balances = source === null ? null : await readSourceBalances(source, blocks);
    yield {
      blocks: blocks.map((block) => ({
        block,
        balances: balances === null ? null : (balances.get(block.stateHash) ?? []),
      })),
      receipts:
        receipts === null
          ? null
          : receipts.extend(blocks.flatMap(userCommandsOf).map(({ command }) => command)),
    };
  }
}

function requireWhole(blocks: readonly ReplayBlock[], { from, to }: Range): void {
  const gap = blocks.findIndex(({ height }, index) => height !== from + BigInt(index));
  const missing = gap >= 0 ? from + BigInt(gap) : from + BigInt(blocks.length);
  if (gap < 0 && missing === to + 1n) return;
  throw new SourceDataError(`the target has no block linked to its parent at height ${missing}`, {
    hint: "run forklift migrate again, or start from an empty target",
  });
}
