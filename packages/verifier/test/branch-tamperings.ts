// Ways to spoil a migrated archive that holds blocks beside its chain, besides those of the chain itself.

import type { Catalog } from "@forklift/postgres";
import { BLOCK_TABLES, FILLED_TABLES } from "../src/tables.ts";
import { type Tampering, tamperingsOf } from "./tamperings.ts";

const BESIDE = "select id from blocks where chain_status <> 'canonical'";

/** A row of a block beside the chain; of a command, one that no block of the chain includes. */
const besideRow = (table: string): string => {
  const column = (BLOCK_TABLES as readonly string[]).includes(table) ? "block_id" : "id";
  const ids =
    column === "block_id"
      ? BESIDE
      : `select ${table.slice(0, -1)}_id from blocks_${table} group by 1
         having bool_and(block_id in (${BESIDE}))`;
  const those = table === "blocks" ? "chain_status <> 'canonical'" : `${column} in (${ids})`;
  return `(select ctid from ${table} where ${those} order by ctid
           offset (select count(*) / 2 from ${table} where ${those}) limit 1)`;
};

/** Every column of a row that hangs on a block beside the chain, and such rows as a whole. */
export function besideTamperings(schema: Catalog): Tampering[] {
  return tamperingsOf(schema, besideRow, [...BLOCK_TABLES, "user_commands", "internal_commands"]);
}

const LEAF = `(select max(id) from blocks b where chain_status = 'orphaned'
  and not exists (select from blocks c where c.parent_id = b.id))`;
const PARENT = `(select min(id) from blocks b where chain_status = 'orphaned'
  and exists (select from blocks c where c.parent_id = b.id))`;
const CHILD = `(select max(id) from blocks where parent_id = ${PARENT})`;
const PENDING = `(select min(id) from blocks where chain_status = 'pending')`;
const RIVAL_OF_LEAF = `(select id from blocks where chain_status = 'canonical'
  and height = (select height from blocks where id = ${LEAF}))`;

const about = (what: string, ...sql: string[]): Tampering => ({
  table: "blocks",
  what,
  sql: [sql.join(";")],
});
const status = (id: string, label: string) =>
  `update blocks set chain_status = '${label}' where id = ${id}`;
const parent = (id: string, parentId: string) =>
  `update blocks set parent_id = ${parentId} where id = ${id}`;

/** Without a source nobody can know better. */
export function sourceTamperings(schema: Catalog): Tampering[] {
  return [
    about("an orphaned block called pending", status(LEAF, "pending")),
    about("a pending block called orphaned", status(PENDING, "orphaned")),
    about("a block removed with all that is its own", ...removed(LEAF, schema)),
  ];
}

export const WHOLE_BESIDE_TAMPERINGS: readonly Tampering[] = [
  about("two canonical blocks at a height", status(LEAF, "canonical")),
  about("no canonical block beside an orphan", status(RIVAL_OF_LEAF, "orphaned")),
  about(
    "no canonical block at a height",
    status("(select id from blocks where chain_status = 'canonical' and height = 15)", "orphaned"),
  ),
  about(
    "canonical and orphaned exchanged",
    `update blocks set chain_status = case id when ${LEAF} then 'canonical' else 'orphaned' end::chain_status_type
     where id in (${LEAF}, ${RIVAL_OF_LEAF})`,
  ),
  about("a leaf removed without its rows", `delete from blocks where id = ${LEAF}`),
  about("a parent removed without its rows", `delete from blocks where id = ${PARENT}`),
  about("a block that is its own parent", parent(LEAF, LEAF)),
  about("a circle beside the chain", parent(PARENT, CHILD)),
  about("a block without a parent", parent(LEAF, "null")),
  about("a block on another one of its height", parent(LEAF, RIVAL_OF_LEAF)),
  about(
    "its accounts removed",
    `delete from accounts_accessed where block_id = ${PARENT}`,
    `delete from accounts_created where block_id = ${PARENT}`,
  ),
  about(
    "an account that another branch accessed",
    `insert into accounts_accessed
     select (jsonb_populate_record(a, jsonb_build_object('block_id', ${LEAF}))).*
     from accounts_accessed a where block_id = ${CHILD} and account_identifier_id not in
       (select account_identifier_id from accounts_accessed where block_id = ${LEAF}) limit 1`,
  ),
  about(
    "a command moved to another branch",
    `update blocks_user_commands set block_id = ${LEAF}, sequence_no = 1000
     where ctid = (select ctid from blocks_user_commands where block_id = ${CHILD} limit 1)`,
  ),
];

/** The block, its rows, and every row that nothing refers to then. */
function removed(block: string, { tables }: Catalog): string[] {
  const referring = (refTable: string) =>
    FILLED_TABLES.flatMap((table) =>
      tables[table]!.foreignKeys.filter(
        (key) => key.refTable === refTable && table !== refTable,
      ).map(
        ({ columns }) =>
          `t.id not in (select ${columns[0]} from ${table} where ${columns[0]} is not null)`,
      ),
    );
  const values = [
    ...["user_commands", "internal_commands", "timing_info", "account_identifiers", "voting_for"],
    ...["epoch_data", "snarked_ledger_hashes", "public_keys"],
  ];
  return [
    `create temporary table gone on commit drop as select ${block} as id`,
    ...BLOCK_TABLES.map((table) => {
      const column = table === "blocks" ? "id" : "block_id";
      return `delete from ${table} where ${column} = (select id from gone)`;
    }),
    ...values.map((table) => `delete from ${table} t where ${referring(table).join(" and ")}`),
    "drop table gone",
  ];
}
