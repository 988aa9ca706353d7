// Ways to spoil a migrated archive, derived from its catalog: in every filled table each column of a
// row altered, a row removed, a row added.

import {
  type Catalog,
  type CatalogColumn,
  type CatalogTable,
  quoteIdentifier,
} from "@forklift/postgres";
import { FILLED_TABLES, type FilledTable } from "../src/tables.ts";

export interface Tampering {
  readonly table: string;
  /** The column, or what is done to a whole row. */
  readonly what: string;
  /** Tried in this order, until a unique key does not stand in the way. */
  readonly sql: readonly string[];
}

/** In the middle: neither genesis nor the tip is special. */
const middleRow = (table: string) =>
  `(select ctid from ${table} order by ctid offset (select count(*) / 2 from ${table}) limit 1)`;

/** @param rowOf the ctid of the row that is changed, removed, or doubled. */
export function tamperingsOf(
  { tables }: Catalog,
  rowOf: (table: string) => string = middleRow,
  names: readonly FilledTable[] = FILLED_TABLES,
): Tampering[] {
  return names.flatMap((table) => {
    const catalog = tables[table]!;
    return [
      ...catalog.columns.map(
        (column): Tampering => ({
          table,
          what: column.name,
          sql: otherValues(catalog, column).map(
            (value) =>
              `update ${table} t set ${quoteIdentifier(column.name)} = ${value}
             where ctid = ${rowOf(table)}`,
          ),
        }),
      ),
      { table, what: "a row removed", sql: [`delete from ${table} where ctid = ${rowOf(table)}`] },
      { table, what: "a row added", sql: [addedRow(table, catalog, rowOf)] },
    ];
  });
}

/** Expressions for values that the column does not have in the row `t`. */
function otherValues(table: CatalogTable, { name, type }: CatalogColumn): readonly string[] {
  const column = quoteIdentifier(name);
  const reference = table.foreignKeys.find(({ columns }) => columns[0] === name);
  if (name === "id") return ["t.id + 1000000"];
  if (reference !== undefined) {
    const others = `from ${reference.refTable} r where r.id is distinct from t.${column}`;
    return [
      `coalesce((select min(r.id) ${others}), -1)`,
      `coalesce((select max(r.id) ${others}), -1)`,
      "-1",
    ];
  }
  switch (type) {
    case "text":
      return [
        `case when ${column} ~ '^[0-9]+$' then (${column}::numeric + 1)::text
              else coalesce(${column}, '') || 'x' end`,
      ];
    case "bigint[]":
      return [`array_append(${column}[2:], ${column}[1] + 1)`];
    case "integer":
    case "bigint":
      return [`coalesce(${column}, 0) + 1`];
    default:
      return [`(select min(v) from unnest(enum_range(null::${type})) v where v <> ${column})`];
  }
}

/** A copy of a row that no unique key takes for the row itself. */
function addedRow(
  table: string,
  { columns, primaryKey, unique }: CatalogTable,
  rowOf: (table: string) => string,
): string {
  const names = new Set(columns.map(({ name }) => name));
  const changes: string[] = [];
  if (names.has("id")) changes.push(`'id', (select max(id) + 1 from ${table})`);
  else {
    const key = names.has("sequence_no") ? "sequence_no" : "block_id";
    const other =
      key === "sequence_no"
        ? "t.sequence_no + 1000"
        : `(select max(b.id) from blocks b where not exists (
             select from ${table} o where o.block_id = b.id
               and o.account_identifier_id = t.account_identifier_id))`;
    changes.push(`'${key}', ${other}`);
  }
  for (const key of unique) {
    const [column] = key.columns.filter((name) => name !== "id");
    const { type } = columns.find(({ name }) => name === column)!;
    const value = type === "text" ? `t.${column} || 'x'` : `t.${column} + 1000000`;
    changes.push(`'${column}', ${value}`);
  }
  if (primaryKey === null) throw new Error(`${table} has no primary key`);
  return `insert into ${table}
    select (jsonb_populate_record(t, jsonb_build_object(${changes.join(", ")}))).*
    from ${table} t where ctid = ${rowOf(table)}`;
}

/** A second row with the same values, which one of those rows refers to that referred to the first. */
const REPEATED_ROWS = (
  [
    ["voting_for", "voting_for_id"],
    ["timing_info", "timing_id"],
    ["zkapp_permissions", "permissions_id"],
    ["token_symbols", "token_symbol_id"],
  ] as const
).map(
  ([table, column]): Tampering => ({
    table,
    what: "a row twice, both referred to",
    sql: [
      `with first as (
         select ${column} as id, min(ctid) as place from accounts_accessed
         where ${column} is not null group by 1 order by count(*) desc limit 1),
       again as (
         insert into ${table}
         select (jsonb_populate_record(t,
           jsonb_build_object('id', nextval('${table}_id_seq')))).*
         from ${table} t join first using (id)
         returning id)
       update accounts_accessed set ${column} = again.id from first, again
       where ctid = first.place`,
    ],
  }),
);

/** What no single row shows. */
export const WHOLE_TAMPERINGS: readonly Tampering[] = [
  {
    table: "zkapp_uris",
    what: "a row added",
    sql: ["insert into zkapp_uris (value) values ('x')"],
  },
  { table: "blocks", what: "an index dropped", sql: ["drop index idx_blocks_height"] },
  { table: "blocks", what: "a column added", sql: ["alter table blocks add column extra text"] },
  {
    table: "blocks",
    what: "a foreign key dropped",
    sql: ["alter table blocks drop constraint blocks_creator_id_fkey"],
  },
  {
    table: "blocks",
    what: "a foreign key that is not validated",
    sql: [
      `alter table blocks drop constraint blocks_creator_id_fkey;
       alter table blocks add constraint blocks_creator_id_fkey
         foreign key (creator_id) references public_keys (id) not valid`,
    ],
  },
  {
    table: "blocks",
    what: "an index that is not valid",
    sql: [
      "update pg_index set indisvalid = false where indexrelid = 'idx_blocks_height'::regclass",
    ],
  },
  {
    table: "blocks",
    what: "its triggers disabled",
    sql: ["alter table blocks disable trigger all"],
  },
  {
    table: "blocks",
    what: "a trigger that drops new rows",
    sql: [
      `create function drop_row() returns trigger language plpgsql as 'begin return null; end';
       create trigger dropping before insert on blocks for each row execute function drop_row()`,
    ],
  },
  {
    table: "blocks",
    what: "a function beside it",
    sql: ["create function one() returns int language sql as 'select 1'"],
  },
  {
    table: "blocks",
    what: "a rule beside its triggers",
    sql: ["create rule dropping as on insert to blocks do instead nothing"],
  },
  {
    table: "accounts_accessed",
    what: "a row moved to a table that inherits",
    sql: [
      `create schema other; create table other.c () inherits (public.accounts_accessed);
       with gone as (
         delete from only public.accounts_accessed where ledger_index = 3 returning *)
       insert into other.c select * from gone`,
    ],
  },
  ...REPEATED_ROWS,
  {
    table: "public_keys",
    what: "its sequence put back",
    sql: ["alter sequence public_keys_id_seq restart with 1"],
  },
  {
    table: "public_keys",
    what: "its sequence at its end",
    // Of its own accord `setval` is not undone with its transaction; what follows a restart is.
    sql: [
      `alter sequence public_keys_id_seq restart;
       select setval('public_keys_id_seq', 2147483647)`,
    ],
  },
  {
    table: "blocks",
    what: "the tip removed with all its rows",
    sql: [
      `delete from accounts_accessed where block_id = (select max(id) from blocks);
       delete from accounts_created where block_id = (select max(id) from blocks);
       delete from blocks_user_commands where block_id = (select max(id) from blocks);
       delete from blocks_internal_commands where block_id = (select max(id) from blocks);
       delete from blocks where id = (select max(id) from blocks)`,
    ],
  },
  {
    table: "blocks",
    what: "a circle of parents",
    sql: [
      `update blocks set parent_id = (select id from blocks where height = 25) where height = 15`,
    ],
  },
  {
    table: "accounts_accessed",
    what: "a genesis balance",
    sql: [
      `update accounts_accessed set balance = (balance::numeric + 1)::text
       where ledger_index = 3 and block_id = (select id from blocks where height = 1)`,
    ],
  },
  {
    table: "accounts_accessed",
    what: "a balance at the tip",
    sql: [
      `update accounts_accessed set balance = (balance::numeric + 1)::text
       where ctid = (select ctid from accounts_accessed
                     where block_id = (select max(block_id) from accounts_accessed) limit 1)`,
    ],
  },
];
