// What a canonical migration leaves behind, exported from archives of real nodes and read back: every row, every
// column, nothing of the canonical chain; all of it or nothing.
// @module-tag only-in-all

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  archiveTest,
  changeDatabase,
  contentsOf,
  inProcess,
  isRealArchiveMissing,
  MAINNET,
  mainnetUrl,
  openRestored,
  openRestoredDump,
  openTestSession,
  REAL_ARCHIVE,
  type TestDatabase,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { ExportManifest } from "../src/stages/export-orphans.ts";

const test = archiveTest;

const { run, runJson, expectRefusal } = inProcess(forklift);

type Row = Record<string, unknown>;

interface Line {
  readonly file: string;
  readonly block: Row;
  readonly userCommands: readonly (Row & { readonly command: Row })[];
  readonly internalCommands: readonly (Row & { readonly command: Row })[];
  readonly balances: readonly Row[] | null;
}

const exporting = ({ url }: TestDatabase, out: string, ...more: string[]) => [
  ...["export", "--orphans", "--source-db", url, "--out", out, ...more],
];

async function linesIn(folder: string): Promise<Line[]> {
  const text = await readFile(path.join(folder, "blocks.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** Every column of a row as the text that PostgreSQL prints, without what the export adds. */
function textsOf(row: Row, columns: readonly string[]): (string | null)[] {
  return columns.map((column) => (row[column] === null ? null : String(row[column])));
}

/** The rows of a table that hang on the exported blocks, out of the database, in the order of their texts. */
async function rowsOf(source: TestDatabase, sql: string) {
  await using session = await openTestSession(source);
  const rows = await session.query<Row>(sql);
  const columns = Object.keys(rows[0] ?? {});
  return { columns, texts: rows.map((row) => textsOf(row, columns).join("|")).sort() };
}

/** What was read back of a table has every row and column that the source has. */
async function expectEqualRows(source: TestDatabase, sql: string, found: readonly Row[]) {
  const { columns, texts } = await rowsOf(source, sql);
  expect(columns.length).toBeGreaterThan(0);
  expect(found.map((row) => textsOf(row, columns).join("|")).sort()).toEqual(texts);
}

/** Booleans and dates have no place in these tables: every column casts to text. */
async function expectExported(source: TestDatabase, lines: readonly Line[], statuses: string) {
  const kept = `select id from blocks where chain_status::text in (${statuses})`;
  await expectEqualRows(
    source,
    `select * from blocks where id in (${kept})`,
    lines.map(({ block }) => block),
  );
  await expectEqualRows(
    source,
    `select * from blocks_user_commands where block_id in (${kept})`,
    lines.flatMap(({ userCommands }) => userCommands),
  );
  await expectEqualRows(
    source,
    `select c.*, payer.value as fee_payer, sender.value as source, receiver.value as receiver
     from blocks_user_commands bc join user_commands c on c.id = bc.user_command_id
     join public_keys payer on payer.id = c.fee_payer_id join public_keys sender on sender.id = c.source_id
     join public_keys receiver on receiver.id = c.receiver_id where bc.block_id in (${kept})`,
    lines.flatMap(({ userCommands }) => userCommands.map(({ command }) => command)),
  );
  await expectEqualRows(
    source,
    `select * from blocks_internal_commands where block_id in (${kept})`,
    lines.flatMap(({ internalCommands }) => internalCommands),
  );
  await expectEqualRows(
    source,
    `select * from balances where block_id in (${kept})`,
    lines.flatMap(({ balances }) => balances ?? []),
  );
}

describe.skipIf(isRealArchiveMissing())("export --orphans", () => {
  test("takes all of a real node's orphans, and the pending blocks on demand", async ({
    newFolder,
  }) => {
    await using source = await openRestored(mainnetUrl(REAL_ARCHIVE.release2));
    const before = await contentsOf(source);
    const home = await newFolder();
    const out = path.join(home, "orphans");
    const { files, ...manifest } = await runJson<ExportManifest>(exporting(source, out));
    const lines = await linesIn(out);
    expect(manifest).toMatchObject({
      network: "mainnet",
      chainStatuses: ["orphaned"],
      pendingBlocks: 0,
    });
    expect(manifest.blocks).toBe(lines.length);
    expect(lines.length).toBeGreaterThan(0);
    await expectExported(source, lines, "'orphaned'");
    for (const { file, block } of lines) {
      expect(file).toBe(`mainnet-${block["height"]}-${block["state_hash"]}.json`);
      expect(block).toMatchObject({
        creator: expect.stringMatching(/^B62q/),
        chain_status: "orphaned",
      });
    }
    const [file] = files;
    const bytes = await readFile(path.join(out, "blocks.jsonl"));
    expect(file).toMatchObject({ name: "blocks.jsonl", lines: lines.length, bytes: bytes.length });
    expect(file!.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect((await readdir(out)).sort()).toEqual(["blocks.jsonl", "manifest.json"]);
    expect(await readdir(home)).toEqual(["orphans"]);

    const all = path.join(home, "all");
    const more = await runJson<ExportManifest>(exporting(source, all, "--pending"));
    await using session = await openTestSession(source);
    const [count] = await session.query<{ count: string }>(
      "select count(*) from blocks where chain_status <> 'canonical'",
    );
    expect(more.blocks).toBe(Number(count!.count));
    expect(more.orphanedBlocks).toBe(manifest.orphanedBlocks);
    await expectExported(source, await linesIn(all), "'orphaned', 'pending'");
    expect(await contentsOf(source)).toEqual(before);
  });

  test("takes the orphans of the last of the dumps up to 2025", async ({ newFolder }) => {
    await using source = await openRestoredDump(MAINNET.dumps[3]);
    // An empty folder that is there already.
    const out = await newFolder();
    const { exit, stdout, stderr } = await run(exporting(source, out));
    expect(exit, stderr).toBe(0);
    expect(stdout).toMatch(/blocks\.jsonl {2}\d+ bytes {2}SHA-256 [0-9a-f]{64}/);
    await expectExported(source, await linesIn(out), "'orphaned'");
  });

  test("is all or nothing, and leaves a folder alone that holds something", async ({
    newFolder,
  }) => {
    await using source = await openRestored(mainnetUrl(REAL_ARCHIVE.release2));
    const home = await newFolder();
    const full = path.join(home, "full");
    await mkdir(full);
    await writeFile(path.join(full, "notes.txt"), "mine");
    await expectRefusal(exporting(source, full), {
      exit: 78,
      says: [full, "is not empty", "notes.txt"],
      next: "an empty folder",
    });
    expect(await readdir(full)).toEqual(["notes.txt"]);

    await changeDatabase(
      source,
      `update blocks set state_hash = 'no hash' where id =
         (select id from blocks where chain_status = 'orphaned' order by height desc, state_hash desc limit 1)`,
    );
    await expectRefusal(exporting(source, path.join(home, "torn")), {
      exit: 65,
      says: ["block no hash", "blocks.state_hash of the source is malformed"],
      next: "repair it",
    });
    expect(await readdir(home)).toEqual(["full"]);
    const elsewhere = path.join(home, "elsewhere");
    await mkdir(elsewhere);
    await symlink(elsewhere, path.join(home, "link"));
    await expectRefusal(exporting(source, path.join(home, "link")), {
      exit: 78,
      says: [path.join(home, "link"), "symbolic link"],
      next: "--out",
    });
    expect((await readdir(home)).sort()).toEqual(["elsewhere", "full", "link"]);
    await expectRefusal(["export", "--source-db", source.url, "--out", home], {
      exit: 64,
      says: ["--orphans"],
      next: /./,
    });
  });

  test("is refused when the command of a row is gone, with both numbers", async ({ newFolder }) => {
    await using source = await openRestored(mainnetUrl(REAL_ARCHIVE.release2));
    const home = await newFolder();
    const out = path.join(home, "orphans");
    // A role without foreign keys between: as a restore that was cut off leaves it.
    await changeDatabase(
      source,
      `set session_replication_role = replica;
       delete from internal_commands where id = (
         select bc.internal_command_id from blocks_internal_commands bc join blocks b on b.id = bc.block_id
         group by 1 having bool_and(b.chain_status = 'orphaned') order by 1 limit 1)`,
    );
    await expectRefusal(exporting(source, out), {
      exit: 65,
      says: [/has \d+ rows of blocks_internal_commands/, "rows of internal_commands that are gone"],
      next: "run the same command again",
    });
    expect(await readdir(home)).toEqual([]);
  });
});
