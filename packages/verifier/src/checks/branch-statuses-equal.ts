// Has every block beside the chain the status that the source gives it? No hash covers it.

import type { WalkCheck } from "../check.ts";

export const branchStatusesEqual: WalkCheck = {
  id: "branch-statuses-equal",
  name: "orphaned and pending blocks have the source's status",
  needs: ["source", "branches"],

  /** A source without a status for a block says the same as `pending`; one that it makes up is no canonical one. */
  follow(_scope, findings) {
    return {
      see({ height, isBeside, blocks, source }) {
        const [row] = source!.blocks;
        // One that the source does not have is another check's.
        if (!isBeside || row === undefined) return;
        findings.rowCompared();
        const status = row["chain_status"] ?? "pending";
        const isKnown = status === "pending" || status === "canonical";
        const [block] = blocks;
        const key = `height ${height}, state_hash ${block!["state_hash"]}`;
        const place = { table: "blocks", key, column: "chain_status" };
        findings.compare(place, isKnown ? status : "orphaned", block!["chain_status"]!);
      },
    };
  },
};
