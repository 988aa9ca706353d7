// Are the accounts created those whose creation fee the source recorded?

import type { ArchiveCheck, Scope } from "../check.ts";
import { compareStreams, type Row } from "../compare-streams.ts";
import type { Findings } from "../findings.ts";
import { rowsAlongSource } from "../source-chain.ts";
import { DEFAULT_TOKEN } from "../tables.ts";

export const accountsCreatedEqual: ArchiveCheck = {
  id: "accounts-created-equal",
  name: "accounts created are those whose creation fee the source recorded",

  async run(scope, findings) {
    await compareCreated(scope, findings);
    await requireAccessed(scope, findings);
  },
};

async function compareCreated(
  { source, target, tip, provenHeight }: Scope,
  findings: Findings,
): Promise<void> {
  const expected = rowsAlongSource(
    { source, tip },
    provenHeight,
    `select created.height, key.value as public_key, $3::text as token,
            created.fee::text as creation_fee
     from (
       select chain.height, c.receiver_id, i.receiver_account_creation_fee_paid as fee
       from chain join blocks_user_commands i on i.block_id = chain.id
       join user_commands c on c.id = i.user_command_id
       where i.status = 'applied' and i.receiver_account_creation_fee_paid is not null
       union
       select chain.height, c.receiver_id, i.receiver_account_creation_fee_paid
       from chain join blocks_internal_commands i on i.block_id = chain.id
       join internal_commands c on c.id = i.internal_command_id
       where i.receiver_account_creation_fee_paid is not null
     ) created join public_keys key on key.id = created.receiver_id
     order by created.height, key.value collate "C", created.fee`,
    [DEFAULT_TOKEN],
  );
  const found = target.rows<Row>(
    `select b.height, key.value as public_key, token.value as token, created.creation_fee
     from blocks b join accounts_created created on created.block_id = b.id
     left join account_identifiers account on account.id = created.account_identifier_id
     left join public_keys key on key.id = account.public_key_id
     left join tokens token on token.id = account.token_id
     where b.height > $1
     order by b.height, key.value collate "C"`,
    [provenHeight],
  );
  const key = { height: "integer", public_key: "text" } as const;
  await compareStreams({ table: "accounts_created", key, expected, found }, findings);
}

/** A block that creates an account also leaves it in some state. */
async function requireAccessed({ target, provenHeight }: Scope, findings: Findings): Promise<void> {
  const orphaned = target.rows<{ height: string; public_key: string }>(
    `select b.height, key.value as public_key
     from blocks b join accounts_created created on created.block_id = b.id
     join account_identifiers account on account.id = created.account_identifier_id
     join public_keys key on key.id = account.public_key_id
     where b.height > $1 and not exists (
       select from accounts_accessed accessed
       where accessed.block_id = created.block_id
         and accessed.account_identifier_id = created.account_identifier_id)
     order by b.height`,
    [provenHeight],
  );
  for await (const { height, public_key: publicKey } of orphaned) {
    findings.add({
      table: "accounts_accessed",
      key: `height ${height}, public_key ${publicKey}`,
      column: "*",
      expected: "a row, since the account is in accounts_created",
      found: "no row",
    });
  }
}
