// Are the blocks those of the source, hash by hash, and in every column that both schemas know; and does
// the source count each to its chain?

import type { WalkCheck } from "../check.ts";
import { compareRowLists, type Row } from "../compare-rows.ts";
import type { Findings } from "../findings.ts";
import { isHealed } from "../healed.ts";
import type { Scope } from "../walk/scope.ts";

export const blocksEqual: WalkCheck = {
  id: "blocks-equal",
  name: "All block hashes equal",
  needs: ["source"],
  follow(_scope, findings) {
    const hashes = follower(["state_hash", "ledger_hash"], findings);
    return {
      see(rows) {
        hashes.see(rows);
        if (rows.isBeside || isHealed(rows.source!, "block")) return;
        for (const { chain_status: status, state_hash: stateHash } of rows.source!.blocks) {
          if (status !== "orphaned") continue;
          const key = `height ${rows.height}, state_hash ${stateHash}`;
          const expected = "a block that the source does not call orphaned";
          findings.add({ table: "blocks", key, column: "*", expected, found: status });
        }
      },
    };
  },
};

export const blockColumnsEqual: WalkCheck = {
  id: "block-columns-equal",
  name: "parents, slots, times, creators and winners equal the source's",
  needs: ["source"],
  follow: (_scope: Scope, findings) =>
    follower(
      [
        "parent_hash",
        "global_slot_since_hard_fork",
        "global_slot_since_genesis",
        "timestamp",
        "creator",
        "block_winner",
      ],
      findings,
    ),
};

function follower(columns: readonly string[], findings: Findings) {
  const only = (row: Row): Row =>
    Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
  return {
    see({ place, blocks, source }: Parameters<ReturnType<WalkCheck["follow"]>["see"]>[0]) {
      if (isHealed(source!, "block")) return;
      const expected = source!.blocks.map(only);
      compareRowLists({ table: "blocks", key: [], place, expected, found: blocks }, findings);
    },
  };
}
