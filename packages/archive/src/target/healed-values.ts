// What of the target's blocks its source lacked or had otherwise, and what settled that the block file is right: kept
// beside the rows that it stands for, so that a later run and its verification know of it.

import type { BlockRef } from "@forklift/chain";
import { relationExists, type Session } from "@forklift/postgres";

/** What of a block a source may have otherwise; `all` where it lacks the block. */
export const HEALED_PARTS = [
  "all",
  "block",
  "user commands",
  "internal commands",
  "creation fees",
] as const;
export type HealedPart = (typeof HEALED_PARTS)[number];

/** `chain`: it follows from hashes that the chain demands; `signature`: of the command; else so many block sources agree. */
export type SettledBy = "chain" | "signature" | `${number} sources agree`;

/** One value of the source that was not taken. */
export interface Healed {
  readonly part: HealedPart;
  /** Of the source. */
  readonly table: string;
  /** The row, by what stands in it. */
  readonly key: string;
  /** `*` where a row as a whole is missing or too many. */
  readonly column: string;
  readonly ofSource: string;
  readonly ofFile: string;
  readonly settledBy: SettledBy;
}

export type HealedBlock = BlockRef & { readonly healed?: readonly Healed[] | undefined };

const COLUMNS = [
  ...["height", "state_hash", "part", "table_name", "row_key", "column_name"],
  ...["of_source", "of_file", "settled_by"],
] as const;

/** The caller owns the transaction, in which the blocks are written as well. */
export async function writeHealed(
  target: Session,
  blocks: readonly HealedBlock[],
): Promise<readonly Healed[]> {
  const written = blocks.filter(({ healed = [] }) => healed.length > 0);
  if (written.length === 0) return [];
  await target.query(
    `create table if not exists forklift.healed (
       height bigint not null, state_hash text not null, part text not null,
       table_name text not null, row_key text not null, column_name text not null,
       of_source text not null, of_file text not null, settled_by text not null)`,
  );
  // Of a block that was taken back and is written again.
  await target.query("delete from forklift.healed where state_hash = any($1)", [
    written.map(({ stateHash }) => stateHash),
  ]);
  await target.copyIn(
    "forklift.healed",
    COLUMNS,
    written.flatMap(({ height, stateHash, healed }) =>
      healed!.map(({ part, table, key, column, ofSource, ofFile, settledBy }) => [
        ...[height, stateHash, part, table, key, column],
        ...[ofSource, ofFile, settledBy],
      ]),
    ),
  );
  return written.flatMap(({ healed }) => healed!);
}

/** Of a block that is no longer there, nothing is told. */
const OF_BLOCKS =
  "forklift.healed h where exists (select from blocks b where b.state_hash = h.state_hash)";

/** Above a height, by what settled it; nothing of a target that was never healed. */
export async function countHealed(
  target: Session,
  above: bigint,
): Promise<Readonly<Record<string, number>>> {
  if (!(await relationExists(target, "forklift.healed"))) return {};
  const rows = await target.query<{ settled_by: string; count: string }>(
    `select settled_by, count(*) from ${OF_BLOCKS} and h.height > $1 group by 1 order by 1`,
    [above],
  );
  return Object.fromEntries(rows.map(({ settled_by, count }) => [settled_by, Number(count)]));
}

/** The parts of each healed block, by its state hash. */
export type HealedParts = ReadonlyMap<string, ReadonlySet<HealedPart>>;

export async function readHealedParts(target: Session): Promise<HealedParts> {
  const parts = new Map<string, Set<HealedPart>>();
  if (!(await relationExists(target, "forklift.healed"))) return parts;
  const rows = target.rows<{ state_hash: string; part: HealedPart }>(
    `select distinct h.state_hash, h.part from ${OF_BLOCKS}`,
  );
  for await (const { state_hash, part } of rows) {
    const ofBlock = parts.get(state_hash);
    if (ofBlock === undefined) parts.set(state_hash, new Set([part]));
    else ofBlock.add(part);
  }
  return parts;
}

/** Of those blocks, the ones of which the source has more otherwise than a creation fee. */
export async function healedAmong(
  target: Session,
  stateHashes: readonly string[],
): Promise<ReadonlySet<string>> {
  if (!(await relationExists(target, "forklift.healed"))) return new Set();
  const rows = await target.query<{ state_hash: string }>(
    `select distinct state_hash from forklift.healed
     where part <> 'creation fees' and state_hash = any($1)`,
    [stateHashes],
  );
  return new Set(rows.map(({ state_hash }) => state_hash));
}
