// What the laws of stages are told of a replay, with indexes or without.

import { ConfigError } from "@forklift/pipeline";
import type { ReplaySandbox } from "../replay-sandbox.ts";

/** An account that one block alone has accessed. */
const ACCESSED_ONCE =
  "(select min(ledger_index) from (select ledger_index from accounts_accessed group by 1 having count(*) = 1) once)";

/** Seen before anything of the replay begins. */
export const WITHOUT_GENESIS = {
  spoil: ({ changeTarget }: ReplaySandbox) => changeTarget("delete from accounts_accessed"),
  error: ConfigError,
};

export const DAMAGE = {
  removed: ({ changeTarget }: ReplaySandbox) =>
    changeTarget(`delete from accounts_accessed where ledger_index = ${ACCESSED_ONCE}`),
  added: ({ changeTarget }: ReplaySandbox) =>
    changeTarget(
      `insert into accounts_created (block_id, account_identifier_id, creation_fee)
       select 7, max(account_identifier_id), '0' from accounts_accessed where block_id = 1
       and account_identifier_id not in
         (select account_identifier_id from accounts_accessed where block_id = 7)`,
    ),
  altered: ({ changeTarget }: ReplaySandbox) =>
    changeTarget(
      `update accounts_accessed set ledger_index = 999 where ledger_index = ${ACCESSED_ONCE}`,
    ),
};

export const FOREIGN_MARKS = {
  "a mark of another target": { height: "30", stateHash: "3NKanother" },
  "a mark above the target": { height: "9999", stateHash: "3NKlater" },
};
