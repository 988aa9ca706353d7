// The replay of branches keeps the laws of stages.
// @module-tag only-in-all

import { ConfigError, VerificationError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { replayBranches } from "../../src/stages/replay-branches.ts";
import { openBesideChain, openReplayed, type ReplaySandbox } from "../replay-sandbox.ts";

/** A block beside the chain that stands on another one and has commands. */
const DEEP = `(select b.id from blocks b join blocks parent on parent.id = b.parent_id
  join blocks_internal_commands c on c.block_id = b.id
  where b.chain_status <> 'canonical' and parent.chain_status <> 'canonical' order by b.height limit 1)`;

/** A row of an account that only the chain created. */
const TOUCHED = `a.block_id in (select id from blocks where chain_status <> 'canonical')
  and a.account_identifier_id not in (select account_identifier_id from accounts_created c
    join blocks b on b.id = c.block_id where b.chain_status <> 'canonical')`;

stageLaws({
  makes: "rows",
  stage: replayBranches,
  openSandbox: openBesideChain,
  empty: { openSandbox: () => openReplayed({}), ends: "well" },
  wrongInputs: {
    "a block with another's ledger hash": {
      spoil: ({ changeTarget }) =>
        changeTarget(
          `update blocks set ledger_hash = (select ledger_hash from blocks where height = 1)
           where id = ${DEEP}`,
        ),
      error: VerificationError,
    },
    "a block that no way leads to": {
      spoil: ({ changeTarget }) =>
        changeTarget(`update blocks set parent_id = null where id = ${DEEP}`),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }: ReplaySandbox) =>
      changeTarget(
        `delete from accounts_accessed a using accounts_created c join blocks b on b.id = c.block_id
         where a.block_id = b.id and a.account_identifier_id = c.account_identifier_id
           and b.id = (select min(b.id) from accounts_created c join blocks b on b.id = c.block_id
             where b.chain_status <> 'canonical')
           and c.account_identifier_id = (select min(account_identifier_id) from accounts_created
             where block_id = b.id)`,
      ),
    added: ({ changeTarget }: ReplaySandbox) =>
      changeTarget(
        `insert into accounts_created (block_id, account_identifier_id, creation_fee)
         select ${DEEP}, max(account_identifier_id), '0' from accounts_accessed
         where block_id = 1 and account_identifier_id not in
           (select account_identifier_id from accounts_accessed where block_id = ${DEEP})`,
      ),
    altered: ({ changeTarget }: ReplaySandbox) =>
      changeTarget(
        `update accounts_accessed a set ledger_index = 999 where (block_id, account_identifier_id) =
           (select block_id, account_identifier_id from accounts_accessed a where ${TOUCHED} limit 1)`,
      ),
  },
  // What is left to replay is told by the rows: a mark is but where a run has come.
  foreignMarks: {},
});
