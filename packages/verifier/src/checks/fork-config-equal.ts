// Do the accounts at the tip, hashed under Berkeley's rules, make up the ledger that the fork's genesis
// configuration starts from?

import { compareForkGenesis } from "@forklift/network";
import type { WalkCheck } from "../check.ts";

export const forkConfigEqual: WalkCheck = {
  id: "fork-config-equal",
  name: "Verify fork config vs migrated replayer output",
  needs: ["fork config"],

  follow({ rebuilt, tip, forkGenesisConfigUrl, network }, findings) {
    return {
      see: () => undefined,
      async end() {
        findings.rowCompared();
        const key = `height ${tip.height}, state_hash ${tip.stateHash}`;
        const { differences, differenceCount } = await compareForkGenesis(forkGenesisConfigUrl!, {
          tip,
          berkeleyLedgerHash: await rebuilt.tree.berkeleyLedgerHash(),
          ledger: () => Promise.resolve(rebuilt.ledger),
          winner: network.genesis.winner,
        });
        for (const { what, expected, found } of differences) {
          const said = `${key}, ${what} of the fork configuration`;
          findings.add({ table: "accounts_accessed", key: said, column: "*", expected, found });
        }
        findings.addUnnamed(differenceCount - differences.length);
      },
    };
  },
};
