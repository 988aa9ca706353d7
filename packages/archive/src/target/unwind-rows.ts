// Takes a migrated archive back to a height: its blocks above, and every row that stood for a value of
// theirs alone.

import { ConfigError } from "@forklift/pipeline";
import { quoteIdentifier, type Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";

/** Rows of a block, which go with it. */
const ROWS_OF_BLOCKS = [
  "accounts_accessed",
  "accounts_created",
  "blocks_user_commands",
  "blocks_internal_commands",
] as const;

/** Rows that stand for a value: whoever refers to a table comes before it. */
const ROWS_OF_VALUES = [
  "user_commands",
  "internal_commands",
  "timing_info",
  "account_identifiers",
  "voting_for",
  "token_symbols",
  "tokens",
  "zkapp_permissions",
  "epoch_data",
  "snarked_ledger_hashes",
  "protocol_versions",
  "public_keys",
] as const;

/** In the order in which they lose their rows. */
const UNWOUND_TABLES = [...ROWS_OF_BLOCKS, "blocks", ...ROWS_OF_VALUES] as const;

type UnwoundTable = (typeof UNWOUND_TABLES)[number];

/** How many rows go, by table; a table that keeps all of its rows stands there with 0. */
export type UnwoundRows = Readonly<Record<UnwoundTable, bigint>>;

interface Reference {
  readonly table: string;
  readonly column: string;
}

/** Counts the rows that `deleteBlocksAbove` would delete. Reads only. */
export async function countRowsAbove(target: Session, height: bigint): Promise<UnwoundRows> {
  const referencesTo = await readReferences();
  const kept = (table: string) =>
    (UNWOUND_TABLES as readonly string[]).includes(table) ? `kept_${table}` : table;
  const views = [
    "kept_blocks as (select * from blocks where height <= $1)",
    ...ROWS_OF_BLOCKS.map(
      (table) => `kept_${table} as (
        select * from ${table} t where exists (select from kept_blocks b where b.id = t.block_id))`,
    ),
    ...ROWS_OF_VALUES.map(
      (table) =>
        `kept_${table} as (select * from ${table} t where ${isReferred(referencesTo(table), kept)})`,
    ),
  ];
  const counts = UNWOUND_TABLES.map(
    (table) => `(select count(*) from ${table}) - (select count(*) from kept_${table}) as ${table}`,
  );
  const [row] = await target.query<Record<UnwoundTable, string>>(
    `with ${views.join(",\n")} select ${counts.join(",\n")}`,
    [height],
  );
  return mapCounts((table) => row![table]);
}

/**
 * Deletes the blocks above the height, their commands and accounts, and all rows that nothing refers
 * to any more. The caller owns the transaction; nobody else sees the tables until it ends.
 */
export async function deleteBlocksAbove(target: Session, height: bigint): Promise<UnwoundRows> {
  const referencesTo = await readReferences();
  // With them, the server would look for every deleted row in every table that may refer to it, most
  // of which have no index for that. Putting them back proves that no reference dangles.
  const putBack = await dropForeignKeys(target);
  const deleted = new Map<UnwoundTable, string>();
  const remove = async (table: UnwoundTable, where: string, params: readonly unknown[] = []) => {
    const [row] = await target.query<{ count: string }>(
      `with gone as (delete from ${table} t where ${where} returning 1) select count(*) from gone`,
      params,
    );
    deleted.set(table, row!.count);
  };
  for (const table of ROWS_OF_BLOCKS) {
    const above = "select from blocks b where b.id = t.block_id and b.height > $1";
    await remove(table, `exists (${above})`, [height]);
  }
  await remove("blocks", "t.height > $1", [height]);
  for (const table of ROWS_OF_VALUES) {
    await remove(table, `not (${isReferred(referencesTo(table), (name) => name)})`);
  }
  await putBack();
  return mapCounts((table) => deleted.get(table)!);
}

/**
 * Blocks beside the chain are migrated ones as well: those above the height go with it.
 * @throws ConfigError when the archive has gone on after the fork, whose blocks are not ours to take
 * back: they cannot be migrated again.
 */
export async function requireOnlyMigrated(target: Session): Promise<void> {
  const [block] = await target.query<{ height: string; state_hash: string }>(
    `select b.height, b.state_hash from blocks b
     join protocol_versions v on v.id = b.protocol_version_id
     where v.transaction <> 2
     order by b.height limit 1`,
  );
  if (block === undefined) return;
  throw new ConfigError(
    `the target ${target.maskedUrl} has block ${block.state_hash} at height ${block.height}, which ` +
      "no migration has written",
    { hint: "an archive that a node writes to is not unwound; restore a published set instead" },
  );
}

/**
 * Who refers to a row of the table, by our own schema: a list of ours could forget a column. Only
 * tokens refer to their own table, and before the fork there is but one, which has no owner.
 */
async function readReferences(): Promise<(table: string) => readonly Reference[]> {
  const { manifest } = await readSchema("berkeley");
  return (refTable) =>
    Object.entries(manifest.tables).flatMap(([table, { foreignKeys }]) =>
      foreignKeys
        .filter((key) => key.refTable === refTable && table !== refTable)
        .map(({ columns }) => ({ table, column: columns[0]! })),
    );
}

function isReferred(references: readonly Reference[], nameOf: (table: string) => string): string {
  return references
    .map(({ table, column }) => `exists (select from ${nameOf(table)} r where r.${column} = t.id)`)
    .join(" or ");
}

/** Those that a target has: none before its indexes are built. */
async function dropForeignKeys(target: Session): Promise<() => Promise<void>> {
  const keys = await target.query<{ table: string; name: string; definition: string }>(
    `select relation.relname as table, c.conname as name, pg_get_constraintdef(c.oid) as definition
     from pg_constraint c
     join pg_class relation on relation.oid = c.conrelid
     join pg_class referred on referred.oid = c.confrelid
     where c.contype = 'f' and c.connamespace = 'public'::regnamespace
       and referred.relname = any($1)
     order by 1, 2`,
    [UNWOUND_TABLES],
  );
  const alter = async (change: (key: (typeof keys)[number]) => string) => {
    for (const key of keys) {
      await target.query(`alter table ${quoteIdentifier(key.table)} ${change(key)}`);
    }
  };
  await alter(({ name }) => `drop constraint ${quoteIdentifier(name)}`);
  return () =>
    alter(({ name, definition }) => `add constraint ${quoteIdentifier(name)} ${definition}`);
}

function mapCounts(countOf: (table: UnwoundTable) => string): UnwoundRows {
  return Object.fromEntries(
    UNWOUND_TABLES.map((table) => [table, BigInt(countOf(table))]),
  ) as Record<UnwoundTable, bigint>;
}
