// The verification of a target keeps the laws of stages.
// @module-tag only-in-all

import { ConfigError, VerificationError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { targetAfter } from "../../../apps/migrator/test/migration-sandbox.ts";
import { verifyTarget } from "../../src/stages/verify-target.ts";
import { jobAfter, openJob } from "./job-sandbox.ts";
import { WRONG_IN_EVERY_VERIFICATION } from "./wrong-inputs.ts";

stageLaws({
  makes: "nothing",
  stage: verifyTarget,
  openSandbox: async () => openJob(await jobAfter("replay")),
  empty: {
    openSandbox: async () => openJob({ target: await targetAfter("create-schema") }),
    ends: ConfigError,
  },
  wrongInputs: {
    ...WRONG_IN_EVERY_VERIFICATION,
    "an account with another balance": {
      spoil: ({ changeTarget }) =>
        changeTarget("update accounts_accessed set balance = '1' where ledger_index = 5"),
      error: VerificationError,
    },
    "a command too many": {
      spoil: ({ changeTarget }) =>
        changeTarget(
          `set session_replication_role = replica;
           insert into blocks_user_commands
           select 2, user_command_id, 99, status, failure_reason
           from blocks_user_commands where block_id <> 2 limit 1`,
        ),
      error: VerificationError,
    },
  },
  damage: {},
});
