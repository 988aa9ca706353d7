// Are the accounts created those whose creation fee the source recorded?

import type { WalkCheck } from "../check.ts";
import { compareRowLists, type Row } from "../compare-rows.ts";
import { isHealed } from "../healed.ts";
import { DEFAULT_TOKEN } from "../tables.ts";

export const accountsCreatedEqual: WalkCheck = {
  id: "accounts-created-equal",
  name: "accounts_created is correct",
  needs: ["source", "creation fees"],

  follow(_scope, findings) {
    return {
      see({ place, blocks, created, source }) {
        if (isHealed(source!, "user commands", "internal commands", "creation fees")) return;
        const paid = [
          ...source!.userCommands.filter(({ status }) => status === "applied"),
          ...source!.internalCommands,
        ].filter((command) => command["creation_fee"] !== null);
        const fees = new Map(paid.map((it) => [it["receiver"]!, it["creation_fee"]!]));
        const expected = Array.from(
          fees,
          ([key, fee]): Row => ({
            public_key: key,
            token: DEFAULT_TOKEN,
            creation_fee: fee,
            state_hash: source!.blocks[0]?.["state_hash"] ?? null,
          }),
        );
        const stateHash = blocks[0]?.["state_hash"] ?? null;
        const found = created.map((row): Row => ({ ...row, state_hash: stateHash }));
        const lists = { table: "accounts_created", key: ["public_key"] };
        compareRowLists({ ...lists, place, expected, found }, findings);
      },
    };
  },
};
