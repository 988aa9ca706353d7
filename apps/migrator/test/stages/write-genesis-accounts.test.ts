// The genesis accounts are written by the laws of stages.
// @module-tag only-in-all

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { writeGenesisAccounts } from "../../src/stages/write-genesis-accounts.ts";
import { openMigration } from "../migration-sandbox.ts";

const GENESIS = "(select id from blocks where height = 1)";

stageLaws({
  makes: "rows",
  stage: writeGenesisAccounts,
  openSandbox: () => openMigration("build-indexes"),
  empty: { openSandbox: () => openMigration("create-schema"), ends: SourceDataError },
  wrongInputs: {
    "accounts that are no beginning of the genesis ledger": {
      spoil: ({ changeTarget }) =>
        changeTarget(
          `set session_replication_role = replica;
           insert into accounts_accessed
           select * from jsonb_populate_record(null::accounts_accessed, jsonb_build_object(
             'block_id', ${GENESIS}, 'ledger_index', 4, 'account_identifier_id', 1,
             'token_symbol_id', 1, 'balance', '1', 'nonce', 0, 'receipt_chain_hash', '',
             'voting_for_id', 1, 'timing_id', 1, 'permissions_id', 1))`,
        ),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }) =>
      changeTarget("delete from accounts_accessed where ledger_index = 5"),
    added: ({ changeTarget }) =>
      changeTarget(
        `set session_replication_role = replica;
         create temp table twin as select * from accounts_accessed where ledger_index = 5;
         update twin set ledger_index = 999, account_identifier_id = 999;
         insert into accounts_accessed select * from twin`,
      ),
    altered: ({ changeTarget }) =>
      changeTarget(
        "update accounts_accessed set balance = (balance::numeric + 1)::text where ledger_index = 5",
      ),
  },
  foreignMarks: { "a mark that is ahead of the rows": { nextIndex: 7 } },
});
