// The one row of `zkapp_permissions` that every migrated account refers to.

import type { Session } from "@forklift/postgres";
import { findOrInsert, type KeyedTable } from "./find-or-insert.ts";
import type { RowIds } from "./row-ids.ts";

type Authorization = "none" | "signature";
type Permissions = Readonly<Record<string, Authorization | number>>;

/**
 * The defaults of the old chain in the words of the new one. The verification key's transaction
 * version is 2 for accounts that come from protocol 1.x; accounts made after the fork have 3.
 */
const MIGRATED_PERMISSIONS = {
  edit_state: "signature",
  send: "signature",
  receive: "none",
  access: "none",
  set_delegate: "signature",
  set_permissions: "signature",
  set_verification_key_auth: "signature",
  set_verification_key_txn_version: 2,
  set_zkapp_uri: "signature",
  edit_action_state: "signature",
  set_token_symbol: "signature",
  increment_nonce: "signature",
  set_voting_for: "signature",
  set_timing: "signature",
} as const satisfies Permissions;

const permissions: KeyedTable<Permissions> = {
  table: "zkapp_permissions",
  key: Object.fromEntries(
    Object.entries(MIGRATED_PERMISSIONS).map(([column, value]) => [
      column,
      typeof value === "number" ? "int" : "zkapp_auth_required_type",
    ]),
  ),
  keyOf: (value) => Object.values(value),
};

export async function permissionsId(target: Session, rowIds: RowIds): Promise<number> {
  const ids = await findOrInsert(target, rowIds, permissions, [MIGRATED_PERMISSIONS]);
  return ids(MIGRATED_PERMISSIONS);
}
