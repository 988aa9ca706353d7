// Was every row of the tables that hang on blocks looked at, and none beside them?

import type { WalkCheck } from "../check.ts";
import { countTable } from "../tables.ts";
import type { HeightRows } from "../walk/height-rows.ts";

const LISTS = {
  blocks: "blocks",
  blocks_user_commands: "userCommands",
  blocks_internal_commands: "internalCommands",
  accounts_accessed: "accessed",
  accounts_created: "created",
} as const satisfies Record<string, keyof HeightRows>;

export const everyRowSeen: WalkCheck = {
  id: "every-row-seen",
  name: "no table has rows beside those of the blocks",
  needs: [],

  follow({ target, proven }, findings) {
    const seen = new Map<string, number>();
    const tables = Object.entries(LISTS) as [
      keyof typeof LISTS,
      (typeof LISTS)[keyof typeof LISTS],
    ][];
    return {
      see(rows) {
        for (const [table, list] of tables) {
          seen.set(table, (seen.get(table) ?? 0) + rows[list].length);
        }
      },
      async end() {
        for (const [table] of tables) {
          findings.rowCompared();
          const above = proven?.versions[table]?.last;
          const count = await countTable(target, table, above === undefined ? {} : { above });
          const place = { table, key: "all", column: "count(*)" };
          findings.compare(place, String(seen.get(table) ?? 0), count);
        }
      },
    };
  },
};
