// Does every block include the same user commands as in the source, in the same order, with the same
// outcome?

import type { WalkCheck } from "../check.ts";
import { compareRowLists } from "../compare-rows.ts";
import { isHealed } from "../healed.ts";

export const userCommandsEqual: WalkCheck = {
  id: "user-commands-equal",
  name: "Verify user commands",
  needs: ["source"],

  follow(_scope, findings) {
    const lists = { table: "user_commands", key: ["sequence_no"] };
    return {
      see({ place, userCommands: found, source }) {
        if (isHealed(source!, "user commands")) return;
        const expected = source!.userCommands.map(
          ({ height: _height, block: _block, creation_fee: _fee, ...command }) => command,
        );
        compareRowLists({ ...lists, place, expected, found }, findings);
      },
    };
  },
};
