// What a restore came to, for people: the tables with their rows, and what of the dump was left out.

import { grouped, table } from "@forklift/console";
import type { LeftOut, RestoredDump } from "@forklift/postgres";

interface Restored extends Pick<RestoredDump, "tables" | "leftOut"> {
  /** Without its secrets, as the database. */
  readonly dump: string;
  readonly database: string;
}

export function restoredText({ dump, database, tables, leftOut }: Restored): string {
  const rows = tables.reduce((sum, each) => sum + each.rows, 0);
  const parts = [
    `restored ${tables.length} tables with ${grouped(rows)} rows of ${dump} into ${database}`,
    table(
      [{ title: "table" }, { title: "rows", align: "right" }],
      tables.map((each) => [each.name, grouped(each.rows)]),
    ),
  ];
  if (leftOut.length > 0) parts.push(leftOutTable(leftOut));
  return parts.join("\n\n");
}

/** The rows of an archive do not depend on any of it. */
function leftOutTable(leftOut: readonly LeftOut[]): string {
  return table(
    [
      { title: "left out" },
      { title: "statements", align: "right" },
      { title: "first at byte", align: "right" },
      { title: "first" },
    ],
    leftOut.map(({ kind, count, first }) => [
      kind,
      grouped(count),
      grouped(first.byte),
      first.text,
    ]),
  );
}
