// The manifests are generated: `npx vitest run schemas -u` writes them anew from the DDL.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import {
  type Catalog,
  type CatalogTable,
  connect,
  openScratch,
  readCatalog,
  type Server,
  startServer,
} from "@forklift/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CatalogChange, MESA_FORMS, readMesaSchemas } from "../src/later-forms.ts";
import { type Era, readSchema } from "../src/read-schema.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SHARED = process.env["FORKLIFT_SHARED"] ?? path.resolve(ROOT, "../shared");
const hasReference = existsSync(path.join(SHARED, "reference")) || process.env["CI"] !== undefined;

let server: Server;
beforeAll(async () => {
  server = await startServer({ binaries: "auto" });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const DDL = ["tables.sql", "keys.sql", "indexes.sql"];

/** The catalog after each part of the DDL. */
async function catalogsOfDdl(...parts: readonly (readonly string[])[]) {
  await using scratch = await openScratch(server.url, "schema");
  await using session = await connect(scratch.url, { applicationName: "schema test" });
  const catalogs: Catalog[] = [];
  for (const files of parts) {
    for (const file of files) {
      await session.query(await readFile(path.join(ROOT, "schemas", file), "utf8"));
    }
    catalogs.push(await readCatalog(session));
  }
  return catalogs;
}

const ddlOf = (era: Era) => DDL.map((file) => path.join(era, file));

describe.each(["mainnet", "berkeley"] as const)("the %s schema", (era) => {
  test("has a manifest that its DDL still gives", async () => {
    const text = jsonText((await catalogsOfDdl(ddlOf(era)))[0]);
    await expect(text).toMatchFileSnapshot(path.join(ROOT, "schemas", era, "manifest.json"));
  });

  test.skipIf(!hasReference)("is the schema of an official archive, name by name", async () => {
    const file = path.join(SHARED, "reference", `${era}.catalog.json`);
    const { manifest } = await readSchema(era);
    // As text: the order of keys is part of it.
    expect(JSON.stringify(inReferenceForm(manifest))).toBe(
      JSON.stringify(JSON.parse(await readFile(file, "utf8"))),
    );
  });

  test("is read from its folder as DDL in three parts and a manifest", async () => {
    const { tables, keys, indexes, manifest } = await readSchema(era);
    expect(tables).not.toMatch(/primary key|unique|references|create index/);
    expect(keys).not.toMatch(/create table|create type|references|create index/);
    expect(indexes).not.toMatch(/create table|create type|primary key|unique/);
    expect(Object.keys(manifest.tables)).toHaveLength(era === "mainnet" ? 10 : 45);
  });
});

describe("the Mesa schemas", () => {
  test("have manifests that their DDL still gives, each as what it changes", async () => {
    const upgrades = MESA_FORMS.map((form) => [`mesa/${form}.sql`]);
    const catalogs = await catalogsOfDdl(ddlOf("berkeley"), ...upgrades);
    for (const [index, form] of MESA_FORMS.entries()) {
      const text = jsonText(changeOf(catalogs[index]!, catalogs[index + 1]!));
      await expect(text).toMatchFileSnapshot(path.join(ROOT, "schemas", "mesa", `${form}.json`));
    }
  });

  test.skipIf(!hasReference)(
    "are in the end that of an upgraded archive, name by name",
    async () => {
      const last = (await readMesaSchemas()).at(-1)!;
      const file = path.join(SHARED, "reference", "mesa.catalog.json");
      expect(last.form).toBe("0.0.6");
      expect(inReferenceForm(last.manifest)).toEqual(JSON.parse(await readFile(file, "utf8")));
    },
  );
});

/** No upgrade touches a sequence, nor takes a table or a type away. */
function changeOf(before: Catalog, after: Catalog): CatalogChange {
  expect([after.sequences, after.others]).toEqual([before.sequences, before.others]);
  expect(Object.keys(after.tables)).toEqual(expect.arrayContaining(Object.keys(before.tables)));
  const changed = <Value>(is: Readonly<Record<string, Value>>, was: typeof is) =>
    Object.fromEntries(
      Object.entries(is).filter(([name, value]) => !isDeepStrictEqual(value, was[name])),
    );
  return {
    enums: changed(after.enums, before.enums),
    otherObjectCounts: after.otherObjectCounts,
    tables: changed(after.tables, before.tables),
  };
}

/**
 * The reference has no definitions of keys and indexes, only of checks, no numbers of sequences, and no
 * list of what else is there.
 */
function inReferenceForm({ others, sequences, tables, ...catalog }: Catalog) {
  const bare = ({ definition, ...rest }: { readonly definition: string }) => rest;
  const bareTable = (table: CatalogTable) => ({
    ...table,
    foreignKeys: table.foreignKeys.map(bare),
    indexes: table.indexes.map(bare),
    primaryKey: table.primaryKey && bare(table.primaryKey),
    unique: table.unique.map(bare),
  });
  const bareTables = Object.entries(tables).map(([name, table]) => [name, bareTable(table)]);
  return {
    ...catalog,
    sequences: sequences.map(({ cache, cycle, increment, max, min, start, ...rest }) => rest),
    tables: Object.fromEntries(bareTables),
  };
}

/** JSON as the formatter of this repository lays it out: lists of words on a line if they fit. */
function jsonText(value: unknown): string {
  return `${layOut(value, "", 0)}\n`;
}

/** `before` is what stands on the line already, `after` the comma that may follow. */
function layOut(value: unknown, indent: string, before: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    const isFlat = value.every((item) => typeof item !== "object");
    if (isFlat && indent.length + before + line.length + 1 <= 100) return line;
    const items = value.map((item) => inner + layOut(item, inner, 0));
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  const fields = Object.entries(value).map(([key, field]) => {
    const name = `${JSON.stringify(key)}: `;
    return inner + name + layOut(field, inner, name.length);
  });
  return fields.length === 0 ? "{}" : `{\n${fields.join(",\n")}\n${indent}}`;
}
