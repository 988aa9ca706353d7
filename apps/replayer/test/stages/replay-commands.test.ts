// The replay keeps the laws of stages.
// @module-tag only-in-all

import { ConfigError, VerificationError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { replayCommands } from "../../src/stages/replay-commands.ts";
import { LAST_OF_MIGRATION, openReplay } from "../replay-sandbox.ts";

/** An account that one block alone has accessed. */
const ACCESSED_ONCE =
  "(select min(ledger_index) from (select ledger_index from accounts_accessed group by 1 having count(*) = 1) once)";

stageLaws({
  makes: "rows",
  stage: replayCommands,
  openSandbox: () => openReplay({ after: LAST_OF_MIGRATION }),
  empty: { openSandbox: () => openReplay({ after: "create-schema" }), ends: ConfigError },
  wrongInputs: {
    "a target without genesis accounts": {
      spoil: ({ changeTarget }) => changeTarget("delete from accounts_accessed"),
      error: ConfigError,
    },
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
  damage: {
    removed: ({ changeTarget }) =>
      changeTarget(`delete from accounts_accessed where ledger_index = ${ACCESSED_ONCE}`),
    added: ({ changeTarget }) =>
      changeTarget(
        `insert into accounts_created (block_id, account_identifier_id, creation_fee)
         select 7, max(account_identifier_id), '0' from accounts_accessed where block_id = 1
         and account_identifier_id not in
           (select account_identifier_id from accounts_accessed where block_id = 7)`,
      ),
    altered: ({ changeTarget }) =>
      changeTarget(
        `update accounts_accessed set ledger_index = 999 where ledger_index = ${ACCESSED_ONCE}`,
      ),
  },
  foreignMarks: {
    "a mark of another target": { height: "30", stateHash: "3NKanother" },
    "a mark above the target": { height: "9999", stateHash: "3NKlater" },
  },
});
