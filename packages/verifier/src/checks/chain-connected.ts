// Do the target's blocks form one chain from the tip down to the genesis block of the network?

import type { WalkCheck } from "../check.ts";
import { statusOf } from "../walk/scope.ts";

export const chainConnected: WalkCheck = {
  id: "chain-connected",
  name: "Migrated blocks are connected",
  needs: [],

  /**
   * The parent id must lead where the parent hash points, and both to the canonical block one below.
   */
  follow(scope, findings) {
    const { network, below: start } = scope;
    let below: string | null = start?.stateHash ?? null;
    return {
      see({ height, blocks }) {
        findings.rowCompared();
        for (const block of blocks) {
          const key = `height ${height}, state_hash ${block["state_hash"]}`;
          const place = (column: string) => ({ table: "blocks", key, column });
          findings.compare(place("parent_id"), below, block["parent"]!);
          const status = block["chain_status"]!;
          findings.compare(place("chain_status"), statusOf(scope, height, status), status);
          if (height === 1n) {
            findings.compare(place("state_hash"), network.genesis.stateHash, block["state_hash"]!);
          } else {
            findings.compare(place("parent_hash"), below, block["parent_hash"]!);
          }
        }
        below = blocks[0]?.["state_hash"] ?? "a block at the height below";
      },
    };
  },
};
