// Does every reference lead to a row? Foreign keys say so of a database that has them all and never
// switched them off; this check queries the rows.

import type { TableCheck } from "../check.ts";
import { lookedAt } from "../part.ts";
import { isFilled, whereAge } from "../tables.ts";

export const noDanglingReferences: TableCheck = {
  id: "no-dangling-references",
  name: "every reference leads to a row",
  needs: [],

  async run({ target, schema, proven, part }, findings) {
    for (const [table, { foreignKeys }] of Object.entries(schema.tables)) {
      if (!isFilled(table)) continue;
      const newest = whereAge(table, lookedAt(table, { proven, part })) || "where true";
      for (const { columns, refTable, refColumns } of foreignKeys) {
        const [column, refColumn] = [columns[0]!, refColumns[0]!];
        findings.rowCompared();
        const rows = target.rows<{ reference: string; row: string }>(
          `select t.${column}::text as reference, to_json(t)::text as row
           from ${table} t left join ${refTable} r on r.${refColumn} = t.${column}
           ${newest} and t.${column} is not null and r.${refColumn} is null`,
        );
        for await (const { reference, row } of rows) {
          findings.rowCompared();
          const expected = `a row of ${refTable}`;
          findings.add({ table, key: row, column, expected, found: `${reference}, no row` });
        }
      }
    }
  },
};
