// Changes of a migrated target's schema that leave its rows, its names and its columns as they are. Each
// is noticed, and its difference says what was changed.
// @module-tag only-in-all

import type { CatalogSequence } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Difference } from "../src/check-result.ts";
import { verifySnapshot } from "../src/verify-archive.ts";
import { openSampleArchive, type SampleArchive } from "./sample-archive.ts";

const { manifest: schema } = await readSchema("berkeley");
const options = { now: () => performance.now(), signal: new AbortController().signal };

let archive: SampleArchive;
beforeAll(async () => {
  archive = await openSampleArchive();
});
afterAll(async () => {
  await archive[Symbol.asyncDispose]();
});

/** The differences that a whole verification finds, by check. What the statements do is undone. */
async function differencesAfter(sql: string): Promise<Record<string, readonly Difference[]>> {
  const { target } = archive.context;
  await target.query(`begin; ${sql}`);
  try {
    const { checks } = await verifySnapshot(archive.context, options);
    const failed = checks.filter(({ ok }) => !ok);
    return Object.fromEntries(failed.map(({ id, differences }) => [id, differences]));
  } finally {
    await target.query("rollback");
  }
}

interface SchemaChange {
  readonly what: string;
  readonly sql: string;
  readonly difference: Omit<Difference, "column">;
}

/** A foreign key or an index made anew under its name. */
function remade(what: string, name: string, [was, is]: readonly [string, string]): SchemaChange {
  const isIndex = name.startsWith("idx_");
  const sql = isIndex
    ? `drop index ${name}; ${is}`
    : `alter table blocks drop constraint ${name}; alter table blocks add constraint ${name} ${is}`;
  const key = `${isIndex ? "index" : "foreign key"} ${name}`;
  return { what, sql, difference: { table: "blocks", key, expected: was, found: is } };
}

/** Something in the schema that no part of the catalog describes. */
function additional(name: string, sql: string): SchemaChange {
  const difference = { table: "public", key: name, expected: "nothing", found: "there" };
  return { what: `an additional ${name}`, sql, difference };
}

function sequenceDifference(change: Partial<CatalogSequence>): SchemaChange["difference"] {
  const sequence = schema.sequences.find(({ name }) => name === PUBLIC_KEYS_SEQUENCE)!;
  return {
    table: PUBLIC_KEYS_SEQUENCE,
    key: "sequence",
    expected: JSON.stringify(sequence),
    found: JSON.stringify({ ...sequence, ...change }),
  };
}

function columnText(table: string, column: string): string {
  return JSON.stringify(schema.tables[table]!.columns.find(({ name }) => name === column));
}

const PUBLIC_KEYS_SEQUENCE = "public_keys_id_seq";
const CREATOR_KEY = "FOREIGN KEY (creator_id) REFERENCES public_keys(id)";
const HEIGHT_INDEX = "CREATE INDEX idx_blocks_height ON public.blocks USING btree (height";
const KEY_OF_KEYS = { table: "public_keys", expected: "UNIQUE (value)" };

const CHANGES: readonly SchemaChange[] = [
  {
    what: "a foreign key to a table of the same name in another schema",
    sql: `create schema other; create table other.public_keys as table public.public_keys;
          alter table other.public_keys add primary key (id);
          alter table blocks drop constraint blocks_creator_id_fkey;
          alter table blocks add constraint blocks_creator_id_fkey
            foreign key (creator_id) references other.public_keys (id)`,
    difference: {
      table: "blocks",
      key: "foreign key blocks_creator_id_fkey",
      expected: CREATOR_KEY,
      found: "FOREIGN KEY (creator_id) REFERENCES other.public_keys(id)",
    },
  },
  ...["MATCH FULL", "ON DELETE CASCADE", "ON UPDATE CASCADE", "DEFERRABLE INITIALLY DEFERRED"].map(
    (words) =>
      remade(`a foreign key with ${words}`, "blocks_creator_id_fkey", [
        CREATOR_KEY,
        `${CREATOR_KEY} ${words}`,
      ]),
  ),
  ...[" DESC)", " DESC NULLS LAST)", ") INCLUDE (id)", ") WHERE (height > 3)"].map((words) =>
    remade(`an index on (height${words}`, "idx_blocks_height", [
      `${HEIGHT_INDEX})`,
      `${HEIGHT_INDEX}${words}`,
    ]),
  ),
  {
    what: "an index by another operator class",
    sql: `drop index idx_voting_for_value;
          create index idx_voting_for_value on voting_for (value text_pattern_ops)`,
    difference: {
      table: "voting_for",
      key: "index idx_voting_for_value",
      expected: "CREATE INDEX idx_voting_for_value ON public.voting_for USING btree (value)",
      found:
        "CREATE INDEX idx_voting_for_value ON public.voting_for USING btree (value text_pattern_ops)",
    },
  },
  {
    what: "a unique key that waits for the end of a transaction",
    sql: `alter table public_keys drop constraint public_keys_value_key;
          alter table public_keys add constraint public_keys_value_key unique (value) deferrable`,
    difference: {
      ...KEY_OF_KEYS,
      key: "unique key public_keys_value_key",
      found: "UNIQUE (value) DEFERRABLE",
    },
  },
  {
    what: "a unique key that takes nulls for equal",
    sql: `alter table public_keys drop constraint public_keys_value_key;
          alter table public_keys
            add constraint public_keys_value_key unique nulls not distinct (value)`,
    difference: {
      ...KEY_OF_KEYS,
      key: "unique key public_keys_value_key",
      found: "UNIQUE NULLS NOT DISTINCT (value)",
    },
  },
  {
    what: "a primary key that waits for the end of a transaction",
    sql: `alter table accounts_created drop constraint accounts_created_pkey;
          alter table accounts_created add constraint accounts_created_pkey
            primary key (block_id, account_identifier_id) deferrable`,
    difference: {
      table: "accounts_created",
      key: "primary key accounts_created_pkey",
      expected: "PRIMARY KEY (block_id, account_identifier_id)",
      found: "PRIMARY KEY (block_id, account_identifier_id) DEFERRABLE",
    },
  },
  {
    what: "a column that sorts by another collation",
    sql: `alter table epoch_data alter column seed type text collate "POSIX"`,
    difference: {
      table: "epoch_data",
      key: "column seed",
      expected: columnText("epoch_data", "seed"),
      found: columnText("epoch_data", "seed").replace(
        '"text"',
        String.raw`"text collate \"POSIX\""`,
      ),
    },
  },
  {
    what: "a sequence that begins anew after its greatest value",
    sql: "alter sequence public_keys_id_seq maxvalue 400 cycle",
    difference: sequenceDifference({ cycle: true, max: "400" }),
  },
  {
    what: "a sequence that leaves numbers out",
    sql: "alter sequence public_keys_id_seq increment by 2",
    difference: sequenceDifference({ increment: "2" }),
  },
  {
    what: "a sequence that starts elsewhere, has another least value and hands out more at once",
    sql: "alter sequence public_keys_id_seq start with 7 minvalue 2 cache 5",
    difference: sequenceDifference({ cache: "5", min: "2", start: "7" }),
  },
  {
    what: "a row kept in a table that inherits",
    sql: `create schema other; create table other.c () inherits (public.accounts_accessed);
          with gone as (
            delete from only public.accounts_accessed where ledger_index = 3 returning *)
          insert into other.c select * from gone`,
    difference: {
      table: "accounts_accessed",
      key: "rows",
      expected: "in force",
      found: "some may be in other.c, which inherits from it",
    },
  },
  {
    what: "a table that inherits from one elsewhere",
    sql: `create schema other; create table other.p (height bigint not null);
          alter table blocks inherit other.p`,
    difference: {
      table: "blocks",
      key: "rows",
      expected: "in force",
      found: "seen in other.p, too, which it inherits from",
    },
  },
  {
    what: "a table that is empty after a crash",
    sql: "alter table accounts_accessed set unlogged",
    difference: {
      table: "accounts_accessed",
      key: "rows",
      expected: "in force",
      found: "lost when the server crashes: not logged",
    },
  },
  {
    what: "a sequence that begins anew after a crash",
    sql: "alter sequence public_keys_id_seq set unlogged",
    difference: {
      table: "public_keys_id_seq",
      key: "rows",
      expected: "in force",
      found: "lost when the server crashes: not logged",
    },
  },
  additional(
    "table constraint one_height on public.blocks",
    "alter table blocks add constraint one_height exclude using btree (height with =)",
  ),
  additional("table public.parted", "create table parted (id int) partition by range (id)"),
  additional(
    "foreign table public.far",
    `create foreign data wrapper none; create server nowhere foreign data wrapper none;
     create foreign table far (id int) server nowhere`,
  ),
  additional("type public.height", "create domain height as bigint check (value > 0)"),
  additional("type public.pair", "create type pair as (one int, two int)"),
  additional(
    "operator public.=(public.chain_status_type,pg_catalog.text)",
    `create function pg_temp.never(chain_status_type, text) returns boolean
       language sql as 'select false';
     create operator = (leftarg = chain_status_type, rightarg = text, function = pg_temp.never)`,
  ),
];

test.each(CHANGES)("$what is noticed", async ({ sql, difference }) => {
  expect(await differencesAfter(sql)).toEqual({
    "schema-equal": [{ ...difference, column: "*" }],
  });
});

test("a schema that was left alone is equal", async () => {
  expect(await differencesAfter("select 1")).toEqual({});
});

test("an extension beside the tables, which some servers put there, is no difference", async () => {
  expect(await differencesAfter("create extension hstore schema public")).toEqual({});
});
