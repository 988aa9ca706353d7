// Has every user command the signature of its fee payer? Nothing else ties a transaction's hash to the chain, which
// covers all of a command but that.

import { textOfShare } from "@forklift/chain";
import type { WalkCheck } from "../check.ts";

export const signatures: WalkCheck = {
  id: "signatures",
  name: "user commands have right signatures of their fee payers",
  needs: ["signatures"],

  nameIn({ grounds }) {
    const share = grounds!.signatures;
    return share.which === "share"
      ? `${this.name}, in ${textOfShare(share)} of the blocks`
      : this.name;
  },

  follow(_scope, findings) {
    return {
      see({ place, precomputed }) {
        const { userCommands, signatures: verdict } = precomputed();
        if (verdict === null) return;
        for (let count = 0; count < verdict.checked; count++) findings.rowCompared();
        for (const at of verdict.wrong) {
          const { command, sequenceNo } = userCommands[at]!;
          findings.add({
            table: "user_commands",
            key: `${place}, sequence_no ${sequenceNo}`,
            column: "hash",
            expected: `the hash of a command that ${command.feePayer} signed`,
            found: `${command.hash}, whose signature is another's`,
          });
        }
      },
    };
  },
};
