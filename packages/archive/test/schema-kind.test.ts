import { ConfigError } from "@forklift/pipeline";
import { readSchema } from "@forklift/schemas";
import { openTestDatabase, openTestSession } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { createTarget } from "../src/create-target.ts";
import { identifySchema, requireSchema } from "../src/schema-kind.ts";

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
    expect(await identified(berkeley.tables, berkeley.constraints)).toEqual({ kind: "berkeley" });
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

  test("tells what a half-made archive lacks", async () => {
    const { tables } = await readSchema("mainnet");
    const found = await identified(tables, "drop table blocks_internal_commands cascade");
    expect(found).toMatchObject({ kind: "foreign" });
    expect(found).toHaveProperty(
      "why",
      expect.stringContaining("blocks_internal_commands.block_id"),
    );
  });
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
