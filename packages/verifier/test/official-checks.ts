// The checks of the official verifier in SQL of our own, after the facts that are known of it: what
// each checks, and no more. Ours have the same names and must fail wherever one of these does.

import type { Session } from "@forklift/postgres";

export interface OfficialCheck {
  /** Of ours with the same name. */
  readonly id: string;
  /** Rows that must be the same in both, or a target's rows against `nothing`. */
  readonly target: string;
  readonly source: string | null;
}

const OFFICIAL_CHECKS: readonly OfficialCheck[] = [
  {
    id: "chain-connected",
    target: `
      with recursive walk as (
        (select id, parent_id, height from blocks order by height desc limit 1)
        union all
        select b.id, b.parent_id, b.height from walk join blocks b on b.id = walk.parent_id
        where b.chain_status = 'canonical' and b.height < walk.height
      )
      select 'broken' from walk having count(*) <> (select max(height) from blocks)`,
    source: null,
  },
  {
    id: "nothing-but-canonical",
    target: "select 'more' from blocks having count(*) <> max(height)",
    source: null,
  },
  {
    id: "accounts-accessed-complete",
    target: `
      with touched as (
        select i.block_id, c.fee_payer_id as key
        from blocks_user_commands i join user_commands c on c.id = i.user_command_id
        union
        select i.block_id, c.receiver_id
        from blocks_user_commands i join user_commands c on c.id = i.user_command_id
        where i.status = 'applied'
        union
        select i.block_id, c.receiver_id
        from blocks_internal_commands i join internal_commands c on c.id = i.internal_command_id
      ), wanted as (
        select a.id, t.block_id from touched t join account_identifiers a on a.public_key_id = t.key
      ), there as (
        select account_identifier_id, block_id from accounts_accessed a join blocks b on b.id = a.block_id
        where b.height <> 1
      )
      (select * from wanted except select * from there)
      union all (select * from there except select * from wanted)`,
    source: null,
  },
  {
    id: "blocks-equal",
    target: "select state_hash, ledger_hash from blocks order by height",
    source: `select state_hash, ledger_hash from blocks
             where chain_status = 'canonical' and height <= $1 order by height`,
  },
  {
    id: "user-commands-equal",
    target: commandsOf("blocks_user_commands", "amount, fee"),
    source: commandsOf("blocks_user_commands", "amount::text, fee::text", "and height <= $1"),
  },
  {
    id: "internal-commands-equal",
    target: internalCommandsOf("command_type", "fee"),
    source: internalCommandsOf("type", "fee::text", "and height <= $1"),
  },
  {
    id: "accounts-created-equal",
    target: `
      select b.height, k.value, b.state_hash, c.creation_fee as fee
      from accounts_created c join blocks b on b.id = c.block_id
      join account_identifiers a on a.id = c.account_identifier_id
      join public_keys k on k.id = a.public_key_id order by 1, 2`,
    source: `
      select height, value, state_hash, fee from (
        select b.height, k.value, b.state_hash, i.receiver_account_creation_fee_paid::text as fee
        from blocks_user_commands i join blocks b on b.id = i.block_id
        join user_commands c on c.id = i.user_command_id join public_keys k on k.id = c.receiver_id
        where i.status = 'applied' and i.receiver_account_creation_fee_paid is not null
          and b.chain_status = 'canonical' and height <= $1
        union
        select b.height, k.value, b.state_hash, i.receiver_account_creation_fee_paid::text
        from blocks_internal_commands i join blocks b on b.id = i.block_id
        join internal_commands c on c.id = i.internal_command_id
        join public_keys k on k.id = c.receiver_id
        where i.receiver_account_creation_fee_paid is not null
          and b.chain_status = 'canonical' and height <= $1
      ) paid order by 1, 2`,
  },
];

function commandsOf(table: string, amounts: string, upTo = ""): string {
  return `
    select receiver.value as receiver, payer.value as payer, c.nonce, ${amounts}, c.valid_until,
           c.memo, c.hash
    from ${table} i join blocks b on b.id = i.block_id
    join user_commands c on c.id = i.user_command_id
    join public_keys payer on payer.id = c.fee_payer_id
    join public_keys receiver on receiver.id = c.receiver_id
    where b.chain_status = 'canonical' ${upTo}
    order by b.height, i.sequence_no`;
}

function internalCommandsOf(type: string, fee: string, upTo = ""): string {
  return `
    select receiver.value as receiver, ${fee}, i.sequence_no, i.secondary_sequence_no, c.hash
    from blocks_internal_commands i join blocks b on b.id = i.block_id
    join internal_commands c on c.id = i.internal_command_id
    join public_keys receiver on receiver.id = c.receiver_id
    where b.chain_status = 'canonical' ${upTo}
    order by b.height, i.sequence_no, i.secondary_sequence_no, c.${type}::text`;
}

/** The ids of the checks that say no. */
export async function officialFailures(source: Session, target: Session): Promise<string[]> {
  const failed: string[] = [];
  const [tip] = await target.query<{ height: string }>("select max(height) as height from blocks");
  for (const check of OFFICIAL_CHECKS) {
    const found = await target.query(check.target);
    const expected = check.source === null ? [] : await source.query(check.source, [tip!.height]);
    if (JSON.stringify(found) !== JSON.stringify(expected)) failed.push(check.id);
  }
  return failed;
}
