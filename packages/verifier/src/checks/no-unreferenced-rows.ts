// Is every row there for something? A key, a command, an epoch or a timing that nothing refers to is
// what no block of the chain brought.

import type { TableCheck } from "../check.ts";
import { referencesTo } from "../part.ts";
import { newRows } from "../proven-part.ts";
import { FILLED_TABLES, type FilledTable, whereAge } from "../tables.ts";

export const noUnreferencedRows: TableCheck = {
  id: "no-unreferenced-rows",
  name: "every row is referred to by a block or by what a block refers to",
  // What a later block may have brought cannot be told from what none did.
  needs: ["no later blocks"],

  async run({ target, schema, proven }, findings) {
    for (const table of FILLED_TABLES) {
      const references = referencesTo(schema.tables, table);
      // Blocks stand for themselves, and so do the rows that only join others.
      if (table === "blocks" || references.length === 0) continue;
      findings.rowCompared();
      // A new row was made for a row that is new as well.
      const newest = (of: FilledTable) => whereAge(of, newRows(of, proven)) || "where true";
      const used = references
        .map(({ from, column }) => `select t.${column} as id from ${from} t ${newest(from)}`)
        .join(" union all ");
      const rows = target.rows<{ row: string }>(
        `select to_json(t)::text as row from ${table} t
         left join (select distinct id from (${used}) every) used on used.id = t.id
         ${newest(table)} and used.id is null`,
      );
      for await (const { row } of rows) {
        findings.rowCompared();
        const expected = "to be referred to";
        findings.add({ table, key: row, column: "*", expected, found: "nothing refers to it" });
      }
    }
  },
};
