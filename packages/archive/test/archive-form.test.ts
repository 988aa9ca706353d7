// The forms of archives that have gone on are known by their catalogs and their record of upgrades, each
// with what it may have besides; what none of them has is left for a verification to say.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { catalogParts, readCatalog, type Session } from "@forklift/postgres";
import { readMesaSchemas, readSchema } from "@forklift/schemas";
import { openTestDatabase, openTestSession } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireArchiveForm } from "../src/preflight/archive-form.ts";
import { createTarget } from "../src/target/create-target.ts";
import { buildIndexes } from "../src/target/target-indexes.ts";

const SCHEMAS = path.resolve(import.meta.dirname, "../../../schemas");

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let session: Session;
let upgrades: Readonly<Record<"0.0.5" | "documented" | "0.0.6", string>>;

beforeAll(async () => {
  database = await openTestDatabase();
  session = await openTestSession(database);
  await createTarget(session);
  await buildIndexes(session);
  const read = (form: string) => readFile(path.join(SCHEMAS, "mesa", `${form}.sql`), "utf8");
  const [five, documented, six] = await Promise.all(["0.0.5", "documented", "0.0.6"].map(read));
  upgrades = {
    "0.0.5": five!,
    documented: `${five};${documented}`,
    "0.0.6": `${five};${documented};${six}`,
  };
});
afterAll(async () => {
  await session.close();
  await database[Symbol.asyncDispose]();
});

/** The form after the statements, which are undone, and what the catalog has otherwise. */
async function formAfter(...statements: readonly string[]) {
  await session.query("begin");
  try {
    for (const sql of statements) await session.query(sql);
    const { era, name, additions, schema } = await requireArchiveForm(session, "target");
    const found = catalogParts(await readCatalog(session));
    const differing = [...catalogParts(schema)].filter(
      ([part, { text }]) => found.get(part)?.text !== text,
    );
    const extra = [...found.keys()].filter((part) => !catalogParts(schema).has(part));
    return { era, name, additions, differing: differing.map(([part]) => part).concat(extra) };
  } finally {
    await session.query("rollback");
  }
}

const applied = (protocol: string, migration: string, status = "applied") =>
  `insert into migration_history (commit_start_at, protocol_version, migration_version, description, status)
   values (clock_timestamp(), '${protocol}', '${migration}', 'made for a test', '${status}')`;

const BERKELEY = { era: "berkeley", name: "Berkeley", additions: [], differing: [] };

describe("requireArchiveForm", () => {
  test("knows our own form", async () => {
    expect(await formAfter()).toEqual(BERKELEY);
  });

  test.each([
    ["0.0.5", "Mesa, as migration 0.0.5 makes it"],
    ["documented", "Mesa, in the documented form"],
    ["0.0.6", "Mesa, as migration 0.0.6 makes it"],
  ] as const)("knows Mesa's form %s, wherever the field 0 stands", async (form, name) => {
    const before = "insert into zkapp_field (field) values ('17'), ('18')";
    const found = await formAfter(before, upgrades[form], applied("4.0.0", form));
    expect(found).toEqual({ era: "mesa", name, additions: [], differing: [] });
  });

  test("names what an archive may have besides, and none of it is a difference", async () => {
    const found = await formAfter(
      upgrades["0.0.6"],
      applied("4.0.0", "0.0.6"),
      "create type hardfork_status as enum ('before', 'after')",
      "create table hardfork_state (id serial primary key, state hardfork_status not null)",
      ...["fee_payer_id", "source_id", "receiver_id"].map(
        (column) => `create index idx_user_commands_${column} on user_commands (${column})`,
      ),
      "alter table zkapp_account_update_body alter events_id drop not null",
      "alter table zkapp_account_update_body alter actions_id drop not null",
    );
    expect(found).toEqual({
      era: "mesa",
      name: "Mesa, as migration 0.0.6 makes it",
      differing: [],
      additions: [
        "zkapp_account_update_body.events_id that may be null",
        "zkapp_account_update_body.actions_id that may be null",
        "index idx_user_commands_fee_payer_id",
        "index idx_user_commands_receiver_id",
        "index idx_user_commands_source_id",
        "table hardfork_state",
      ],
    });
  });

  test("knows an archive that was taken back to Berkeley", async () => {
    const history = /create type migration_status[\s\S]*?create table[\s\S]*?\);/.exec(
      upgrades["0.0.5"],
    )!;
    const rows = [applied("4.0.0", "0.0.6"), applied("3.0.0", "0.0.6")];
    const additions = ["table migration_history, as a downgrade leaves it"];
    expect(await formAfter(history[0], ...rows)).toEqual({ ...BERKELEY, additions });
  });

  test("says that an upgrade has not ended", async () => {
    const { additions } = await formAfter(upgrades["0.0.6"], applied("4.0.0", "0.0.6", "failed"));
    expect(additions).toEqual(["a last upgrade, 0.0.6, that migration_history calls failed"]);
  });

  test("leaves what no form has to the verification, and nothing else", async () => {
    const mesa = [upgrades["0.0.6"], applied("4.0.0", "0.0.6")];
    const differing = async (...sql: string[]) => (await formAfter(...mesa, ...sql)).differing;
    expect(await differing("drop index zkapp_events_element_ids_hash_key")).toEqual([
      "zkapp_events\tindex zkapp_events_element_ids_hash_key",
    ]);
    expect(await differing("alter table zkapp_states alter element9 set default 77")).toEqual([
      "zkapp_states\tcolumn element9",
    ]);
    expect(
      await differing("create index idx_user_commands_source_id on user_commands (fee)"),
    ).toEqual(["user_commands\tindex idx_user_commands_source_id"]);
    expect(await differing("create table mine (id int)")).toEqual(["mine\tcolumn id"]);
  });

  test("refuses an era that it does not know, and one that lacks its columns", async () => {
    const mesa = upgrades["0.0.6"];
    await expect(formAfter(mesa, applied("5.0.0", "1.0.0"))).rejects.toThrow(
      "of an era that this release does not know",
    );
    const lacking = formAfter(mesa, applied("4.0.0", "0.0.6"), "alter table blocks drop height");
    await expect(lacking).rejects.toThrow(
      /half-made archive: of a Mesa archive.* lacks blocks.height/,
    );
  });

  test("takes the manifests as they are read", async () => {
    const { manifest } = await readSchema("berkeley");
    for (const { manifest: later } of await readMesaSchemas()) {
      expect(Object.keys(later.tables)).toHaveLength(Object.keys(manifest.tables).length + 1);
    }
  });
});
