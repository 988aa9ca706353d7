import { ConfigError } from "@forklift/pipeline";
import { readSchema } from "@forklift/schemas";
import { openTestDatabase, openTestSession } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { identifySchema, requireSchema } from "../src/preflight/schema-kind.ts";
import { createTarget } from "../src/target/create-target.ts";

/** Undoes what upstream's scripts added. */
const BEFORE_RELEASE_2 = [
  "alter table blocks drop column chain_status",
  "drop type chain_status_type",
  `alter table balances drop column block_id, drop column block_height,
     drop column block_sequence_no, drop column block_secondary_sequence_no, drop column nonce`,
  "alter table blocks_internal_commands drop column receiver_account_creation_fee_paid",
];

const identified = async (...statements: string[]) => {
  await using database = await openTestDatabase();
  await using session = await openTestSession(database);
  for (const sql of statements) await session.query(sql);
  return await identifySchema(session);
};

describe("identifySchema", () => {
  test("knows both eras, and a database without tables", async () => {
    const mainnet = await readSchema("mainnet");
    const berkeley = await readSchema("berkeley");
    expect(await identified()).toEqual({ kind: "empty" });
    expect(await identified(mainnet.tables)).toEqual({ kind: "mainnet" });
    expect(await identified(berkeley.tables)).toEqual({ kind: "berkeley" });
  });

  test("does not mind other tables, other columns and their order", async () => {
    const { tables } = await readSchema("mainnet");
    const kind = await identified(
      tables,
      "create table notes (id int)",
      "alter table blocks drop column height; alter table blocks add column height bigint",
      "alter table blocks add column received_at timestamptz",
    );
    expect(kind).toEqual({ kind: "mainnet" });
  });

  test.each([
    ["mainnet", "drop table blocks_internal_commands cascade", "table blocks_internal_commands"],
    ["mainnet", "alter table blocks drop column height", "blocks.height"],
    ["berkeley", "drop table accounts_accessed cascade", "table accounts_accessed"],
    [
      "mainnet",
      "alter table blocks drop column chain_status, drop column parent_id",
      "blocks.parent_id, blocks.chain_status",
    ],
  ] as const)("tells what a half-made %s archive lacks after %s", async (era, sql, lacking) => {
    const { tables } = await readSchema(era);
    const found = await identified(tables, sql);
    expect(found).toEqual({ kind: "half-made", era, lacking: lacking.split(", ") });
  });

  test("knows an archive of release 1.0 by all that it lacks", async () => {
    const { tables } = await readSchema("mainnet");
    const found = await identified(tables, ...BEFORE_RELEASE_2);
    expect(found).toEqual({
      kind: "older",
      era: "mainnet",
      older: {
        oldest: "schema release 1.0",
        current: "2.0",
        isPartlyUpgraded: false,
        upgrades: expect.anything(),
      },
      lacking: [
        "balances.block_id",
        "balances.block_height",
        "balances.block_sequence_no",
        "balances.block_secondary_sequence_no",
        "balances.nonce",
        "blocks.chain_status",
        "blocks_internal_commands.receiver_account_creation_fee_paid",
        "type chain_status_type",
      ],
    });
  });

  test.each([
    [
      "mainnet",
      "alter table blocks drop column chain_status",
      ["blocks.chain_status"],
      ["scripts/archive/add_chain_status.sh"],
    ],
    [
      "mainnet",
      "alter table balances drop column nonce, drop column block_sequence_no",
      ["balances.block_sequence_no", "balances.nonce"],
      ["the app migrate-balances-table", "scripts/archive/add_balance_nonce.sh"],
    ],
    [
      "berkeley",
      "alter table zkapp_permissions drop column set_verification_key_txn_version",
      ["zkapp_permissions.set_verification_key_txn_version"],
      ["patch_migrated_db.sql"],
    ],
  ] as const)("names what is left to upgrade of a %s archive after %s", async (...row) => {
    const [era, sql, lacking, upgrades] = row;
    const { tables } = await readSchema(era);
    const found = await identified(tables, sql);
    expect(found).toMatchObject({ kind: "older", era, lacking, older: { upgrades } });
    expect(found).toHaveProperty("older.isPartlyUpgraded", true);
  });

  test("tells what both eras' archives have and somebody else's does not", async () => {
    const found = await identified("create table blocks (id int, height bigint, state_hash text)");
    expect(found).toMatchObject({ kind: "foreign" });
    expect(found).toHaveProperty("why", expect.stringContaining("as a Berkeley archive it lacks"));
    expect(found).toHaveProperty("why", expect.stringContaining("as a pre-fork (mainnet) archive"));
  });

  test("refuses to guess when the columns of both eras are there", async () => {
    const [mainnet, berkeley] = [await readSchema("mainnet"), await readSchema("berkeley")];
    const lacking = Object.entries(mainnet.manifest.tables).flatMap(([table, { columns }]) =>
      columns
        .filter(({ name }) => !hasColumn(berkeley.manifest, table, name))
        .map(({ name }) => ({ table, name })),
    );
    const missing = new Set(
      lacking.map(({ table }) => table).filter((name) => !(name in berkeley.manifest.tables)),
    );
    const found = await identified(
      berkeley.tables,
      ...[...missing].map((table) => `create table ${table} ()`),
      ...lacking.map(({ table, name }) => `alter table ${table} add column "${name}" text`),
    );
    expect(found).toMatchObject({ kind: "foreign" });
    expect(found).toHaveProperty("why", expect.stringContaining("the columns of both"));
  });
});

type Manifest = Awaited<ReturnType<typeof readSchema>>["manifest"];

function hasColumn({ tables }: Manifest, table: string, column: string): boolean {
  return tables[table]?.columns.some(({ name }) => name === column) === true;
}

test("a half-made target is refused with what it lacks and what to do", async () => {
  await using database = await openTestDatabase();
  await using session = await openTestSession(database);
  const { tables } = await readSchema("berkeley");
  await session.query(tables);
  await session.query("drop table blocks_user_commands cascade");
  const requiring = requireSchema(session, { role: "target", era: "berkeley" });
  await expect(requiring).rejects.toThrow(
    /the target .* holds a half-made archive: of a Berkeley archive it lacks table blocks_user_commands/,
  );
  await expect(requiring).rejects.toHaveProperty("hint", expect.stringContaining("make it anew"));
});

test("a swapped URL is refused with a sentence that says so", async () => {
  await using database = await openTestDatabase();
  await using session = await openTestSession(database);
  await createTarget(session);
  const requiring = requireSchema(session, { role: "source", era: "mainnet" });
  await expect(requiring).rejects.toThrow(
    /the source postgres:.* holds a Berkeley archive, expected a pre-fork \(mainnet\) archive/,
  );
  await expect(requiring).rejects.toThrow(ConfigError);
});

test("an archive of release 1.0 is called that, with all that it lacks and how to upgrade it", async () => {
  await using database = await openTestDatabase();
  await using session = await openTestSession(database);
  const { tables } = await readSchema("mainnet");
  for (const sql of [tables, ...BEFORE_RELEASE_2]) await session.query(sql);
  const requiring = requireSchema(session, { role: "source", era: "mainnet" });
  await expect(requiring).rejects.toThrow(
    /a pre-fork \(mainnet\) archive of schema release 1.0: against release 2.0 it lacks balances\.block_id, .*, blocks\.chain_status, .*, type chain_status_type, expected one of release 2\.0/,
  );
  await expect(requiring).rejects.toHaveProperty(
    "hint",
    expect.stringMatching(/upstream's upgrade scripts .*add_chain_status\.sh, then .*migrate-bal/),
  );
  const asTarget = requireSchema(session, { role: "target", era: "berkeley" });
  await expect(asTarget).rejects.toHaveProperty("hint", expect.stringContaining("look swapped"));
});
