// Will the next row of every table get an id, and one that is free? A sequence that stands too low, or at
// its end, makes the archive node fail at its first block.

import { quoteIdentifier } from "@forklift/postgres";
import type { TableCheck } from "../check.ts";

export const sequencesPastRows: TableCheck = {
  id: "sequences-past-rows",
  name: "sequences stand past the greatest id of their tables",
  // Later blocks have drawn from them since, and their next ids are for whoever writes the archive.
  needs: ["no later blocks"],

  async run({ target, schema }, findings) {
    for (const { name, ownedByTable: table, ownedByColumn: column } of schema.sequences) {
      if (table === null || column === null) continue;
      findings.rowCompared();
      // As numeric: the id after the last of a bigint sequence is no bigint.
      const [row] = await target.query<{ next: string; max: string; greatest: string }>(
        `select (s.last_value::numeric + s.is_called::int * p.seqincrement)::text as next,
                p.seqmax as max,
                (select coalesce(max(${quoteIdentifier(column)}), 0)::text from ${table}) as greatest
         from ${quoteIdentifier(name)} s join pg_sequence p on p.seqrelid = s.tableoid`,
      );
      const { next, max, greatest } = row!;
      const place = { table, key: `sequence ${name}`, column };
      if (BigInt(next) <= BigInt(greatest)) {
        findings.add({ ...place, expected: `above ${greatest}`, found: next });
      } else if (BigInt(next) > BigInt(max)) {
        findings.add({ ...place, expected: `at most ${max}`, found: next });
      }
    }
  },
};
