// The one row of `zkapp_permissions` that every migrated account refers to.

import { MIGRATED_PERMISSIONS } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { findOrInsert, type KeyedTable } from "./find-or-insert.ts";
import type { RowIds } from "./row-ids.ts";

type PermissionRow = Readonly<Record<string, string>>;

/** The table has two columns for the verification key, the account JSON one object. */
function rowOf({ set_verification_key, ...others }: typeof MIGRATED_PERMISSIONS): PermissionRow {
  return {
    ...others,
    set_verification_key_auth: set_verification_key.auth,
    set_verification_key_txn_version: set_verification_key.txn_version,
  };
}

const MIGRATED_ROW = rowOf(MIGRATED_PERMISSIONS);

const permissions: KeyedTable<PermissionRow> = {
  table: "zkapp_permissions",
  key: Object.fromEntries(
    Object.keys(MIGRATED_ROW).map((column) => [
      column,
      column.endsWith("_version") ? "int" : "zkapp_auth_required_type",
    ]),
  ),
  keyOf: (row) => Object.values(row),
};

export async function permissionsId(target: Session, rowIds: RowIds): Promise<number> {
  const ids = await findOrInsert(target, rowIds, permissions, [MIGRATED_ROW]);
  return ids(MIGRATED_ROW);
}
