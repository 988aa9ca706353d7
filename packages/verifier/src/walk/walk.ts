// The one walk of a verification: up from what was proven or walked to the tip, everything that stands at a
// height gathered once and shown to every check that follows.

import { readAhead } from "@forklift/pipeline";
import type { Row } from "../compare-rows.ts";
import { BlocksInOrder } from "./blocks-in-order.ts";
import type { HeightRows, SourceRows } from "./height-rows.ts";
import type { Scope } from "./scope.ts";
import { SourceChain, type StretchOfSource } from "./source-chain.ts";
import { type RowAtHeight, readTargetRows, type Stretch, type TargetRows } from "./target-rows.ts";

/**
 * Rows of the target in a stretch, about: with those of the source two megabytes, and three stretches
 * are in memory. The next stretch is as long as the last one was full.
 */
const STRETCH_ROWS = 1500;
/** The least number still makes few enough queries, the greatest few enough blocks read ahead. */
const STRETCH_BLOCKS_MIN = 8;
const STRETCH_BLOCKS_MAX = 256;
const STRETCHES_AHEAD = 1;

/** Must stand in a snapshot of the target, with `WALK_SETTINGS`. */
export async function* walk(scope: Scope): AsyncGenerator<HeightRows> {
  const { source, tip, below } = scope;
  const chain = source && (await SourceChain.find(source, tip, below?.height ?? 0n));
  const blocks = scope.blocks && new BlocksInOrder(scope, scope.blocks);
  const stretches = readStretches(scope, chain, (rows) => blocks?.ask(rows));
  const ahead = readAhead(stretches, { weightOf: () => 1, weightMax: STRETCHES_AHEAD });
  try {
    for await (const { stretch, target, source: rows } of ahead) {
      const split = splitter(target, rows);
      for (let height = stretch.from; height <= stretch.to; height++) {
        const at = split(height);
        const precomputed = blocks && (await blocks.at(at));
        yield {
          height,
          ...at,
          precomputed: () => {
            if (precomputed instanceof Error) throw precomputed;
            if (precomputed === null)
              throw new Error("this verification has no precomputed blocks");
            return precomputed;
          },
          ...scope.rebuilt.apply(at.accessed),
        };
      }
    }
  } finally {
    await blocks?.close();
  }
}

interface ReadStretch {
  readonly stretch: Stretch;
  readonly target: TargetRows;
  readonly source: StretchOfSource | null;
}

async function* readStretches(
  { target, tip, below, pause, pauseSource, chain: ids }: Scope,
  chain: SourceChain | null,
  onBlocks: (blocks: readonly RowAtHeight[]) => void,
): AsyncGenerator<ReadStretch> {
  let count = STRETCH_BLOCKS_MIN;
  let from = (below?.height ?? 0n) + 1n;
  while (from <= tip.height) {
    const last = from + BigInt(count) - 1n;
    const stretch = { from, to: last < tip.height ? last : tip.height };
    const [rows, source] = await Promise.all([
      readTargetRows(target, stretch).then((read) => {
        const sorted = ids === null ? read : { ...read, blocks: chainFirst(read.blocks, ids) };
        onBlocks(sorted.blocks);
        return sorted;
      }),
      chain?.read(stretch) ?? null,
    ]);
    yield { stretch, target: rows, source };
    await pause?.();
    from = stretch.to + 1n;
    if (chain !== null && from <= tip.height) await pauseSource?.();
    const full = Object.values(rows).reduce((sum, { length }) => sum + length, 0);
    count = clamp(Math.round((count * STRETCH_ROWS) / Math.max(full, 1)), count * 2);
  }
}

function clamp(count: number, most: number): number {
  return Math.max(STRETCH_BLOCKS_MIN, Math.min(count, most, STRETCH_BLOCKS_MAX));
}

type AtHeight = Omit<HeightRows, "height" | "precomputed" | "changes" | "badRows">;

/** Heights must be requested in their order: each list is split at its current position. */
function splitter(
  target: TargetRows,
  source: StretchOfSource | null,
): (height: bigint) => AtHeight {
  const cutters = new Map<readonly RowAtHeight[], number>();
  const cut = (rows: readonly RowAtHeight[], height: string): readonly Row[] => {
    const start = cutters.get(rows) ?? 0;
    let end = start;
    while (rows[end]?.height === height) end++;
    cutters.set(rows, end);
    return rows.slice(start, end);
  };
  return (at) => {
    const height = String(at);
    const sourceRows: SourceRows | null = source && {
      blocks: cut(source.blocks, height),
      userCommands: cut(source.userCommands, height),
      internalCommands: cut(source.internalCommands, height),
    };
    return {
      blocks: cut(target.blocks, height),
      userCommands: cut(target.userCommands, height),
      internalCommands: cut(target.internalCommands, height),
      accessed: cut(target.accessed, height),
      created: cut(target.created, height),
      source: sourceRows,
    };
  };
}

/** Of several blocks at a height the one of the chain comes first, whatever their statuses say. */
function chainFirst(blocks: readonly RowAtHeight[], ids: Int32Array): readonly RowAtHeight[] {
  const isBeside = ({ id, height }: RowAtHeight) => id !== String(ids[Number(height) - 1]);
  const [first, others] = [blocks.filter((row) => !isBeside(row)), blocks.filter(isBeside)];
  if (others.length === 0) return blocks;
  return [...first, ...others].sort((left, right) => Number(left.height) - Number(right.height));
}
