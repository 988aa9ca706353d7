// The replay keeps the laws of stages.
// @module-tag only-in-all

import { ConfigError, VerificationError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { replayCommands } from "../../src/stages/replay-commands.ts";
import { LAST_OF_MIGRATION, openReplay } from "../replay-sandbox.ts";
import { DAMAGE, FOREIGN_MARKS, WITHOUT_GENESIS } from "./replay-fixture.ts";

stageLaws({
  makes: "rows",
  stage: replayCommands,
  openSandbox: () => openReplay({ after: LAST_OF_MIGRATION }),
  empty: { openSandbox: () => openReplay({ after: "create-schema" }), ends: ConfigError },
  wrongInputs: {
    "a target without genesis accounts": WITHOUT_GENESIS,
    "a block with another's ledger hash": {
      spoil: ({ changeTarget }) =>
        changeTarget(
          `update blocks set ledger_hash = (select ledger_hash from blocks where height = 20)
           where height = 10`,
        ),
      error: VerificationError,
    },
    "a command of another amount": {
      spoil: ({ changeTarget }) =>
        changeTarget(
          `update user_commands set amount = (amount::numeric + 1)::text where id =
           (select user_command_id from blocks_user_commands join blocks b on b.id = block_id
            where status = 'applied' order by b.height limit 1)`,
        ),
      error: VerificationError,
    },
  },
  damage: DAMAGE,
  foreignMarks: FOREIGN_MARKS,
});
