// Reads what a walk visits, stretch by stretch: some heights, and of a target with branches the blocks beside the
// chain that are rooted there. A stretch has as many rows as memory is meant for, however long a branch is.

import type { Row } from "../compare-rows.ts";
import { newBlocks, readBranchings } from "./branch-tree.ts";
import type { HeightRows, SourceRows } from "./height-rows.ts";
import type { Scope } from "./scope.ts";
import type { SourceChain, StretchOfSource } from "./source-chain.ts";
import { type Step, stepAt, stepsOf } from "./steps.ts";
import {
  type PlacedRow,
  readRowsOfBlocks,
  readTargetRows,
  type Stretch,
  type TargetRows,
} from "./target-rows.ts";

/**
 * Rows of the target in a stretch, about: with those of the source two megabytes, and three stretches
 * are in memory. The next stretch is as long as the last one was full.
 */
const STRETCH_ROWS = 1500;
/** The least number still makes few enough queries, the greatest few enough blocks read ahead. */
const STRETCH_BLOCKS_MIN = 8;
const STRETCH_BLOCKS_MAX = 256;

/** On average. What a stretch has more of is read in pieces. */
const BLOCKS_OF_HEIGHT_MAX = 2;

type StepRows = Pick<HeightRows, keyof TargetRows | "source">;

export interface ReadStretch {
  readonly steps: readonly Step[];
  readonly rowsOf: (step: Step) => StepRows;
}

/** Steps whose rows are read together. */
interface Piece {
  readonly steps: readonly Step[];
  readonly read: () => Promise<TargetRows>;
}

/** @param onBlocks is given the first block of each step that is shown, ahead of the walk. */
export async function* readStretches(
  scope: Scope,
  chain: SourceChain | null,
  onBlocks: (blocks: readonly Row[]) => void,
): AsyncGenerator<ReadStretch> {
  const { tip, below, hasBranches, walked, pause, pauseSource } = scope;
  // What is new beside the chain may stand on it; an interrupted walk had its branches already.
  const thereHeight = hasBranches && walked === null && below !== null ? below.height : null;
  let count = STRETCH_BLOCKS_MIN;
  let from = thereHeight ?? (below?.height ?? 0n) + 1n;
  while (from <= tip.height) {
    const last = from + BigInt(count) - 1n;
    const stretch = { from, to: last < tip.height ? last : tip.height };
    const pieces = hasBranches
      ? await piecesWithBranches(scope, stretch, thereHeight)
      : [piecesOfChain(scope, stretch)];
    let full = 0;
    for (const { steps, read } of pieces) {
      const shown = steps.filter(({ visit }) => visit === "shown");
      const [rows, source] = await Promise.all([
        read().then((found) => {
          const rowsOf = byStep(found);
          onBlocks(shown.flatMap((step) => rowsOf(step).blocks.slice(0, 1)));
          full += countOf(found);
          return rowsOf;
        }),
        chain === null ? NO_SOURCE : readSource(chain, shown),
      ]);
      yield { steps, rowsOf: (step) => ({ ...rows(step), source: source(step) }) };
    }
    await pause?.();
    from = stretch.to + 1n;
    if (chain !== null && from <= tip.height) await pauseSource?.();
    count = clamp(Math.round((count * STRETCH_ROWS) / Math.max(full, 1)), count * 2);
  }
}

function piecesOfChain({ target, chain: ids }: Scope, stretch: Stretch): Piece {
  const steps: Step[] = [];
  for (let height = stretch.from; height <= stretch.to; height++) steps.push(stepAt(height));
  const read = async () => {
    const rows = await readTargetRows(target, stretch);
    return ids === null ? rows : { ...rows, blocks: chainFirst(rows.blocks, ids) };
  };
  return { steps, read };
}

/** Of several blocks at a height the one of the chain comes first, whatever their statuses say. */
function chainFirst(blocks: readonly PlacedRow[], ids: Int32Array): readonly PlacedRow[] {
  const isBeside = (row: PlacedRow) => row["id"] !== String(ids[Number(row.height) - 1]);
  const [first, others] = [blocks.filter((row) => !isBeside(row)), blocks.filter(isBeside)];
  if (others.length === 0) return blocks;
  return [...first, ...others].sort((left, right) => Number(left.height) - Number(right.height));
}

async function piecesWithBranches(
  { target, proven, provenHeight, tail }: Scope,
  stretch: Stretch,
  thereHeight: bigint | null,
): Promise<Piece[]> {
  const branchings = await readBranchings(target, stretch, tail?.ids);
  const steps = stepsOf(branchings, { isNew: newBlocks(proven), provenHeight, thereHeight });
  const most = BLOCKS_OF_HEIGHT_MAX * branchings.length;
  const pieces: Piece[] = [];
  for (let at = 0; at < steps.length; at += most) {
    const some = steps.slice(at, at + most);
    const ids = (visit: Step["visit"]) =>
      some.filter((step) => step.visit === visit).flatMap((step) => step.ids);
    const blocks = { shown: ids("shown"), applied: ids("applied") };
    pieces.push({ steps: some, read: () => readRowsOfBlocks(target, blocks) });
  }
  return pieces;
}

function byStep(rows: TargetRows): (step: Step) => Omit<StepRows, "source"> {
  const blocks = placed(rows.blocks);
  const userCommands = placed(rows.userCommands);
  const internalCommands = placed(rows.internalCommands);
  const accessed = placed(rows.accessed);
  const created = placed(rows.created);
  return ({ keys }) => ({
    blocks: blocks(keys),
    userCommands: userCommands(keys),
    internalCommands: internalCommands(keys),
    accessed: accessed(keys),
    created: created(keys),
  });
}

const NO_SOURCE = () => null;

async function readSource(
  chain: SourceChain,
  shown: readonly Step[],
): Promise<(step: Step) => SourceRows> {
  const beside = shown.filter(({ depth }) => depth > 0).map(({ stateHash }) => stateHash!);
  const idsBeside = await chain.idsOf(beside);
  const idOf = ({ depth, height, stateHash }: Step) =>
    (depth === 0 ? chain.idAt(height) : idsBeside.get(stateHash!)) ?? null;
  const ids = shown.map(idOf).filter((id) => id !== null);
  const rows: StretchOfSource = await chain.read(ids);
  const blocks = placed(rows.blocks);
  const userCommands = placed(rows.userCommands);
  const internalCommands = placed(rows.internalCommands);
  return (step) => {
    const keys = [String(idOf(step))];
    return {
      blocks: blocks(keys),
      userCommands: userCommands(keys),
      internalCommands: internalCommands(keys),
    };
  };
}

/** By the block that they belong to where the rows name one, else by their height; in the order that they have. */
function placed(rows: readonly PlacedRow[]): (keys: readonly string[]) => readonly Row[] {
  const lists = new Map<string, PlacedRow[]>();
  for (const row of rows) {
    const key = row.block ?? row.height;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [row]);
    else list.push(row);
  }
  return (keys) =>
    keys.length === 1 ? (lists.get(keys[0]!) ?? []) : keys.flatMap((key) => lists.get(key) ?? []);
}

function countOf(rows: TargetRows): number {
  return Object.values(rows).reduce((sum, { length }) => sum + length, 0);
}

function clamp(count: number, most: number): number {
  return Math.max(STRETCH_BLOCKS_MIN, Math.min(count, most, STRETCH_BLOCKS_MAX));
}
