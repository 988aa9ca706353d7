// Was every row of the tables that hang on blocks looked at, and none beside them?

import type { WalkCheck } from "../check.ts";
import { lookedAt } from "../part.ts";
import { countTable } from "../tables.ts";
import { LISTS_OF_TABLES } from "../walk/height-rows.ts";

export const everyRowSeen: WalkCheck = {
  id: "every-row-seen",
  name: "no table has rows beside those of the blocks",
  needs: [],

  follow({ target, proven, part, walked }, findings) {
    const seen = new Map(Object.entries(walked?.seen ?? {}));
    return {
      see(rows) {
        for (const [table, list] of LISTS_OF_TABLES) {
          seen.set(table, (seen.get(table) ?? 0) + rows[list].length);
        }
      },
      async end() {
        for (const [table] of LISTS_OF_TABLES) {
          findings.rowCompared();
          const count = await countTable(target, table, lookedAt(table, { proven, part }));
          const place = { table, key: "all", column: "count(*)" };
          findings.compare(place, String(seen.get(table) ?? 0), count);
        }
      },
    };
  },
};
