// The queries of a hand-over report: plain SQL that an operator can run again, on the database
// wherever it is restored, and that an archive node of the new chain stands on.

import type { Session } from "@forklift/postgres";

export interface HandOverQuestion {
  readonly what: string;
  readonly sql: string;
}

export interface HandOverAnswer extends HandOverQuestion {
  readonly answer: string;
}

const QUESTIONS: readonly HandOverQuestion[] = [
  {
    what: "the highest block",
    sql: "select height || ' ' || state_hash from blocks where chain_status = 'canonical' order by height desc limit 1",
  },
  {
    what: "blocks, one of every height",
    sql: "select count(*) from blocks where chain_status = 'canonical'",
  },
  {
    what: "blocks that are not canonical",
    sql: "select count(*) from blocks where chain_status <> 'canonical'",
  },
  {
    what: "blocks above the first without a parent",
    sql: "select count(*) from blocks where height > 1 and parent_id is null",
  },
  { what: "user commands in blocks", sql: "select count(*) from blocks_user_commands" },
  { what: "internal commands in blocks", sql: "select count(*) from blocks_internal_commands" },
  { what: "states of accounts", sql: "select count(*) from accounts_accessed" },
  { what: "accounts with a state", sql: "select count(*) from account_identifiers" },
  { what: "accounts created by commands", sql: "select count(*) from accounts_created" },
];

/** How many accounts the ledger has after the target's highest block: no block beside its chain opens one. */
export async function countAccounts(target: Session): Promise<string> {
  const [row] = await target.query<{ count: string }>(
    `select count(distinct a.account_identifier_id)
     from accounts_accessed a join blocks b on b.id = a.block_id where b.chain_status = 'canonical'`,
  );
  return row!.count;
}

/** Runs all of them, on a target that holds a block. */
export async function askHandOver(target: Session): Promise<HandOverAnswer[]> {
  const answers: HandOverAnswer[] = [];
  // One after the other: a session takes one query at a time.
  for (const question of QUESTIONS) {
    const [row] = await target.query<Record<string, unknown>>(question.sql);
    answers.push({ ...question, answer: String(Object.values(row!)[0]) });
  }
  return answers;
}
