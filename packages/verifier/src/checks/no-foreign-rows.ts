// Is the target free of what a chain without zkApps and without tokens cannot have?

import type { Session } from "@forklift/postgres";
import type { TableCheck } from "../check.ts";
import type { Row } from "../compare-rows.ts";
import { lookedAt, type Part } from "../part.ts";
import { countTable, DEFAULT_TOKEN, EMPTY_TABLES, type FilledTable, whereAge } from "../tables.ts";
import type { Scope } from "../walk/scope.ts";

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

export const noForeignRows: TableCheck = {
  id: "no-foreign-rows",
  name: "no zkApps, one token, one set of permissions",
  needs: [],

  async run(scope, findings) {
    const { target, part } = scope;
    const none = part === null ? await countEmpty(scope) : await countReferred(target, part);
    for (const { table, column, count } of none) {
      findings.rowCompared();
      findings.compare({ table, key: "all", column }, "0", count);
    }
    for (const [table, only] of Object.entries(ONLY_ROWS)) {
      const columns = Object.keys(only).map((column) => `${column}::text`);
      const where = whereAge(
        table as FilledTable,
        lookedAt(table as FilledTable, { proven: null, part }),
      );
      // More than two say no more than two.
      const rows = await target.query<Row>(
        `select ${columns.join(", ")} from ${table} t ${where} order by t.id limit 2`,
      );
      const [first, second] = rows;
      findings.rowCompared();
      for (const [column, value] of Object.entries<string | null>(only)) {
        findings.compare({ table, key: "the only row", column }, value, first?.[column] ?? null);
      }
      if (first === undefined || second !== undefined) {
        const found = first === undefined ? "no row" : "more rows";
        findings.add({ table, key: "all", column: "*", expected: "one row", found });
      }
    }
  },
};

interface Counted {
  readonly table: string;
  readonly column: string;
  readonly count: string;
}

/** The upgrade to Mesa inserts the field 0, which the state of every zkApp refers to, and a downgrade may leave it. */
async function countEmpty({ target, archive }: Scope): Promise<Counted[]> {
  const counts: Counted[] = [];
  for (const table of EMPTY_TABLES) {
    const count =
      table === "zkapp_field" && archive?.isUpgraded === true
        ? await countWhere(target, "zkapp_field t where t.field <> '0'")
        : await countTable(target, table);
    counts.push({ table, column: "count(*)", count });
  }
  return counts;
}

/** What of the zkApps the blocks and accounts of the part refer to. */
async function countReferred(target: Session, part: Part): Promise<Counted[]> {
  const accessed = `accounts_accessed t where t.zkapp_id is not null and ${part.within("accounts_accessed")}`;
  const commands = `blocks_zkapp_commands t
    where t.block_id in (select b.id from blocks b where b.height <= ${part.height})`;
  return [
    {
      table: "blocks_zkapp_commands",
      column: "count(*)",
      count: await countWhere(target, commands),
    },
    { table: "accounts_accessed", column: "zkapp_id", count: await countWhere(target, accessed) },
  ];
}

async function countWhere(target: Session, rows: string): Promise<string> {
  const [row] = await target.query<{ count: string }>(`select count(*) from ${rows}`);
  return row!.count;
}
