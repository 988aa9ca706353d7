// Is every block beside the chain that the source has in the target as well, but for those that the migration has
// left out by name? Where nobody tells which it left out, what is missing is counted for the report.

import type { WalkCheck } from "../check.ts";

export const branchesComplete: WalkCheck = {
  id: "branches-complete",
  name: "no block beside the chain is missing that was not left out by name",
  needs: ["source", "branches"],

  follow({ missing }, findings) {
    return {
      see: () => undefined,
      async end() {
        const { looked, unnamed, first } = await missing!();
        for (let count = 0n; count < looked; count++) findings.rowCompared();
        if (unnamed === null) return;
        for (const { height, stateHash } of first) {
          const key = `height ${height}, state_hash ${stateHash}`;
          findings.add({ table: "blocks", key, column: "*", expected: "a row", found: "no row" });
        }
        findings.addUnnamed(Number(unnamed) - first.length);
      },
    };
  },
};
