// Has every value one row? Where no unique key sees to it, a second row with the same values may be
// referred to like the first: nothing else is wrong then, but two operators' digests differ.

import type { Catalog } from "@forklift/postgres";
import type { TableCheck } from "../check.ts";
import { lookedAt } from "../part.ts";
import { FILLED_TABLES, whereAge } from "../tables.ts";

export const noRepeatedRows: TableCheck = {
  id: "no-repeated-rows",
  name: "no two rows say the same where no key forbids it",
  needs: [],

  async run({ target, schema, part }, findings) {
    for (const table of FILLED_TABLES) {
      const columns = unguardedColumns(schema, table);
      if (columns === null) continue;
      findings.rowCompared();
      const rows = target.rows<{ row: string; count: string }>(
        `select row(${columns})::text as row, count(*) from ${table} t
         ${whereAge(table, lookedAt(table, { proven: null, part }))}
         group by ${columns} having count(*) > 1`,
      );
      for await (const { row, count } of rows) {
        findings.rowCompared();
        findings.add({ table, key: row, column: "*", expected: "one row", found: `${count} rows` });
      }
    }
  },
};

/** All but the serial id, of a table that has no other key; null for the others. */
function unguardedColumns({ tables }: Catalog, table: string): string | null {
  const { columns, primaryKey, unique } = tables[table]!;
  if (unique.length > 0 || primaryKey?.columns.join() !== "id") return null;
  return columns
    .map(({ name }) => name)
    .filter((name) => name !== "id")
    .join(", ");
}
