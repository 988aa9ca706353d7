// Does the target hold the canonical blocks of its chain and no others?

import type { WalkCheck } from "../check.ts";
import { lookedAt } from "../part.ts";
import { countTable } from "../tables.ts";
import { statusOf } from "../walk/scope.ts";

export const nothingButCanonical: WalkCheck = {
  id: "nothing-but-canonical",
  name: "No orphaned nor pending blocks in migrated db",
  needs: [],

  follow(scope, findings) {
    const { target, tip, part } = scope;
    return {
      see({ height, blocks }) {
        findings.rowCompared();
        const key = `height ${height}`;
        const place = { table: "blocks", key, column: "height" };
        findings.compare(place, "one block", blocks.length === 1 ? "one block" : listOf(blocks));
        for (const { chain_status: status } of blocks) {
          const expected = statusOf(scope, height, status!);
          findings.compare({ ...place, column: "chain_status" }, expected, status!);
        }
      },
      async end() {
        const count = await countTable(
          target,
          "blocks",
          lookedAt("blocks", { proven: null, part }),
        );
        const place = { table: "blocks", key: "all", column: "count(*)" };
        findings.compare(place, String(tip.height), count);
      },
    };
  },
};

function listOf(blocks: readonly Readonly<Record<string, string | null>>[]): string {
  if (blocks.length === 0) return "no block";
  return blocks.map((block) => block["state_hash"]).join(", ");
}
