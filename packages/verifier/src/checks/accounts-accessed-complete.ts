// Does `accounts_accessed` hold exactly the accounts that the commands of each block touch?

import type { WalkCheck } from "../check.ts";
import { compareRowLists, type Row } from "../compare-rows.ts";
import { DEFAULT_TOKEN } from "../tables.ts";

const GENESIS_HEIGHT = 1n;

export const accountsAccessedComplete: WalkCheck = {
  id: "accounts-accessed-complete",
  name: "All accounts referred in internal commands or transactions are recorded in accounts_accessed",
  needs: [],

  /**
   * A fee payer pays whatever becomes of the command, its receiver counts if it was applied, and an
   * internal command touches its receiver. The genesis block has accounts without commands.
   */
  follow(_scope, findings) {
    return {
      see({ height, place, userCommands, internalCommands, accessed: found }) {
        if (height === GENESIS_HEIGHT) return;
        const touched = new Set<string | null>();
        for (const command of userCommands) {
          touched.add(command["fee_payer"]!);
          if (command["status"] === "applied") touched.add(command["receiver"]!);
        }
        for (const command of internalCommands) touched.add(command["receiver"]!);
        const expected = Array.from(
          touched,
          (key): Row => ({
            public_key: key,
            token: DEFAULT_TOKEN,
          }),
        );
        const lists = { table: "accounts_accessed", key: ["public_key"] };
        compareRowLists({ ...lists, place, expected, found }, findings);
      },
    };
  },
};
