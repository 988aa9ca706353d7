// Does every block include the same internal commands as in the source, in the same order?

import type { WalkCheck } from "../check.ts";
import { compareRowLists } from "../compare-rows.ts";
import { isHealed } from "../healed.ts";

/** The type belongs to the key: a coinbase and its fee transfer share both sequence numbers. */
export const INTERNAL_KEY = ["sequence_no", "secondary_sequence_no", "command_type"];

/** Those of the old chain cannot fail, which the new schema must say of each. */
export const APPLIED = { status: "applied", failure_reason: null };

export const internalCommandsEqual: WalkCheck = {
  id: "internal-commands-equal",
  name: "Verify internal commands",
  needs: ["source"],

  follow(_scope, findings) {
    const lists = { table: "internal_commands", key: INTERNAL_KEY };
    return {
      see({ place, internalCommands: found, source }) {
        if (isHealed(source!, "internal commands")) return;
        const expected = source!.internalCommands.map(
          ({ height: _height, block: _block, creation_fee: _fee, ...command }) => ({
            ...command,
            ...APPLIED,
          }),
        );
        compareRowLists({ ...lists, place, expected, found }, findings);
      },
    };
  },
};
