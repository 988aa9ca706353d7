// The part of an archive that is verified where the archive has gone on: the blocks up to a height, and every
// row that one of them refers to, or that such a row refers to. Whatever else stands there is of later eras.

import type { Catalog } from "@forklift/postgres";
import { newRows, type ProvenPart } from "./proven-part.ts";
import { type AgeRange, type FilledTable, isFilled } from "./tables.ts";

export interface Part {
  /** Of the last block in it. */
  readonly height: bigint;
  /** A condition on the rows of the table as `t`. */
  within(table: FilledTable): string;
}

/** A row of a table that hangs on a block is in the part when its block is. */
export function partUpTo(height: bigint, { tables }: Catalog): Part {
  const blocks = `select b.id from blocks b where b.height <= ${height}`;
  const within = (table: FilledTable): string => {
    if (table === "blocks") return `t.height <= ${height}`;
    const columns = tables[table]!.columns.map(({ name }) => name);
    if (columns.includes("block_id")) return `t.block_id in (${blocks})`;
    const references = referencesTo(tables, table).map(
      ({ from, column }) => `select t.${column} from ${from} t where ${within(from)}`,
    );
    return `t.id in (${references.join(" union all ")})`;
  };
  return { height, within };
}

/** The rows that a verification looks at: those above what was proven, or those in its part. */
export function lookedAt(
  table: FilledTable,
  { proven, part }: { readonly proven: ProvenPart | null; readonly part: Part | null },
): AgeRange {
  if (part !== null) return { within: part.within(table) };
  return newRows(table, proven);
}

/** A row that refers to its own table, as a token to its owner's, brings none into the part. */
export function referencesTo(
  tables: Catalog["tables"],
  table: FilledTable,
): { from: FilledTable; column: string }[] {
  return Object.entries(tables).flatMap(([from, { foreignKeys }]) =>
    isFilled(from) && from !== table
      ? foreignKeys
          .filter(({ refTable }) => refTable === table)
          .map(({ columns }) => ({ from, column: columns[0]! }))
      : [],
  );
}
