// The blocks beside the chain that the source has and the target lacks, found by presence of the state hash alone.

import type { BlockRef, History, StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { Tip } from "./context.ts";

/** Blocks of the source that are looked for together. */
const PAGE_BLOCKS = 1000;

/** A report names the first ones; the rest is only counted. */
const NAMED_MAX = 20;

/** Of blocks up to the height of the tip. */
export interface MissingBranches {
  /** Blocks of the source beside the chain. */
  readonly looked: bigint;
  readonly missing: bigint;
  /** How many of the missing ones the migration did not name as left out; null when nobody told which it did. */
  readonly unnamed: bigint | null;
  /** The first ones: of those without a name where names were given, else of all. */
  readonly first: readonly BlockRef[];
}

const BESIDE = `
  select height, state_hash from blocks
  where (height, state_hash) > ($1::bigint, $2::text) and height <= $3
    and chain_status is distinct from 'canonical'
    and ($4 or coalesce(chain_status::text, 'pending') <> 'pending')
  order by height, state_hash limit ${PAGE_BLOCKS}`;

export async function findMissingBranches({
  source,
  target,
  tip,
  history,
  leftOut,
  pauseSource,
}: {
  readonly source: Session;
  readonly target: Session;
  readonly tip: Tip;
  readonly history: History;
  readonly leftOut?: ReadonlySet<string> | undefined;
  /** Awaited between two pages. */
  readonly pauseSource?: (() => Promise<void>) | undefined;
}): Promise<MissingBranches> {
  const found = { looked: 0n, missing: 0n, unnamed: 0n };
  const first: BlockRef[] = [];
  let [height, stateHash] = ["0", ""];
  for (;;) {
    const page = await source.query<{ height: string; state_hash: string }>(BESIDE, [
      height,
      stateHash,
      tip.height,
      history === "all",
    ]);
    const there = await presentIn(
      target,
      page.map(({ state_hash }) => state_hash),
    );
    for (const row of page) {
      found.looked++;
      if (there.has(row.state_hash)) continue;
      found.missing++;
      if (leftOut?.has(row.state_hash)) continue;
      found.unnamed++;
      const ref = { height: BigInt(row.height), stateHash: row.state_hash as StateHash };
      if (first.length < NAMED_MAX) first.push(ref);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_BLOCKS) break;
    height = last.height;
    stateHash = last.state_hash;
    await pauseSource?.();
  }
  return { ...found, unnamed: leftOut === undefined ? null : found.unnamed, first };
}

async function presentIn(
  target: Session,
  stateHashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await target.query<{ state_hash: string }>(
    "select state_hash from blocks where state_hash = any($1)",
    [stateHashes],
  );
  return new Set(rows.map(({ state_hash }) => state_hash));
}
