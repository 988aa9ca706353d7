// Will the next row of every table get an id that is free? A sequence that stands too low makes the
// archive node fail at its first block.

import { quoteIdentifier } from "@forklift/postgres";
import type { TableCheck } from "../check.ts";

export const sequencesPastRows: TableCheck = {
  id: "sequences-past-rows",
  name: "sequences stand past the greatest id of their tables",
  needs: [],

  async run({ target, schema }, findings) {
    for (const { name, ownedByTable: table, ownedByColumn: column } of schema.sequences) {
      if (table === null || column === null) continue;
      findings.rowCompared();
      const [row] = await target.query<{ next: string; greatest: string }>(
        `select (last_value + is_called::int)::text as next,
                (select coalesce(max(${quoteIdentifier(column)}), 0)::text from ${table}) as greatest
         from ${quoteIdentifier(name)}`,
      );
      const { next, greatest } = row!;
      if (BigInt(next) > BigInt(greatest)) continue;
      const expected = `above ${greatest}`;
      findings.add({ table, key: `sequence ${name}`, column, expected, found: next });
    }
  },
};
