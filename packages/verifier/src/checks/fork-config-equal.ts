// Do the accounts at the tip, hashed under Berkeley's rules, make up the ledger that the fork's genesis
// configuration starts from?

import { compareForkGenesis } from "@forklift/network";
import type { WalkCheck } from "../check.ts";

export const forkConfigEqual: WalkCheck = {
  id: "fork-config-equal",
  name: "Verify fork config vs migrated replayer output",
  needs: ["fork config"],

  follow({ rebuilt, tip, forkGenesisConfigUrl }, findings) {
    return {
      see: () => undefined,
      async end() {
        findings.rowCompared();
        const key = `height ${tip.height}, state_hash ${tip.stateHash}`;
        const { differences, differenceCount } = await compareForkGenesis(forkGenesisConfigUrl!, {
          tip,
          berkeleyLedgerHash: await rebuilt.tree.berkeleyLedgerHash(),
          ledger: () => Promise.resolve(rebuilt.ledger),
        });
        for (const { what, expected, found } of differences) {
          findings.add({ table: "accounts_accessed", key, column: what, expected, found });
        }
        findings.addUnnamed(differenceCount - differences.length);
      },
    };
  },
};
