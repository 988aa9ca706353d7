// Is the target free of what a chain without zkApps and without tokens cannot have?

import type { Session } from "@forklift/postgres";
import type { ArchiveCheck } from "../check.ts";
import { compareStreams, type Row } from "../compare-streams.ts";
import type { Findings } from "../findings.ts";
import { countTable, DEFAULT_TOKEN, EMPTY_TABLES, type FilledTable } from "../tables.ts";

/** Tables that hold one and the same row in every migrated archive. */
const ONLY_ROWS = {
  tokens: { value: DEFAULT_TOKEN, owner_public_key_id: null, owner_token_id: null },
  token_symbols: { value: "" },
  protocol_versions: { transaction: "2", network: "0", patch: "0" },
  // The old chain's defaults in the new chain's words. The verification key's transaction version
  // is 2 for what comes from protocol 1.x; accounts made after the fork have 3.
  zkapp_permissions: {
    edit_state: "signature",
    send: "signature",
    receive: "none",
    access: "none",
    set_delegate: "signature",
    set_permissions: "signature",
    set_verification_key_auth: "signature",
    set_verification_key_txn_version: "2",
    set_zkapp_uri: "signature",
    edit_action_state: "signature",
    set_token_symbol: "signature",
    increment_nonce: "signature",
    set_voting_for: "signature",
    set_timing: "signature",
  },
} as const satisfies Partial<Record<FilledTable, Row>>;

export const noForeignRows: ArchiveCheck = {
  id: "no-foreign-rows",
  name: "no zkApps, one token, one set of permissions",

  async run({ target }, findings) {
    for (const table of EMPTY_TABLES) {
      findings.rowCompared();
      const place = { table, key: "all", column: "count" };
      findings.compare(place, "0", await countTable(target, table));
    }
    for (const [table, row] of Object.entries(ONLY_ROWS)) {
      await compareOnlyRow(target, { table, row }, findings);
    }
  },
};

async function compareOnlyRow(
  target: Session,
  { table, row }: { readonly table: string; readonly row: Row },
  findings: Findings,
): Promise<void> {
  async function* expected(): AsyncGenerator<Row> {
    yield { row: "1", ...row };
  }
  const columns = Object.keys(row).map((column) => `t.${column}::text`);
  const found = target.rows<Row>(
    `select (row_number() over (order by t.id))::text as row, ${columns.join(", ")}
     from ${table} t order by t.id`,
  );
  const key = { row: "integer" } as const;
  await compareStreams({ table, key, expected: expected(), found }, findings);
}
