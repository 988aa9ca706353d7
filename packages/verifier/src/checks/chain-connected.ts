// Do the target's blocks form one chain from the tip down to the genesis block of the network, and does every
// block beside it stand on its parent?

import type { WalkCheck } from "../check.ts";
import { statusOf } from "../walk/scope.ts";

export const chainConnected: WalkCheck = {
  id: "chain-connected",
  name: "Migrated blocks are connected",
  needs: [],

  /**
   * The parent id must lead where the parent hash points, and both to the canonical block one below; for a
   * block beside the chain, to a block one below.
   */
  follow(scope, findings) {
    const { network } = scope;
    return {
      see({ height, isBeside, below, blocks }) {
        findings.rowCompared();
        const parent = below?.stateHash ?? null;
        for (const block of blocks) {
          const key = `height ${height}, state_hash ${block["state_hash"]}`;
          const place = (column: string) => ({ table: "blocks", key, column });
          if (isBeside) {
            findings.compare(place("height"), String((below?.height ?? 0n) + 1n), String(height));
            findings.compare(place("parent_hash"), parent, block["parent_hash"]!);
            continue;
          }
          findings.compare(place("parent_id"), parent, block["parent"]!);
          const status = block["chain_status"]!;
          findings.compare(place("chain_status"), statusOf(scope, height, status), status);
          if (height === 1n) {
            findings.compare(place("state_hash"), network.genesis.stateHash, block["state_hash"]!);
          } else {
            findings.compare(place("parent_hash"), parent, block["parent_hash"]!);
          }
        }
      },
    };
  },
};
