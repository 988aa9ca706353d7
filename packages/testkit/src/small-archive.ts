// A pre-fork archive of real mainnet blocks whose canonical chain ends early, so that a whole migration
// of it takes seconds, with the block files of that chain in a folder.

import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { MAINNET } from "./mainnet.ts";
import { mainnetBlocks, openRestoredDump } from "./mainnet-once.ts";
import { oncePerRun } from "./once-per-run.ts";
import {
  openTestDatabase,
  openTestSession,
  type TestDatabase,
  type TestTemplate,
} from "./test-database.ts";

export interface SmallArchive extends AsyncDisposable {
  /** A folder of the test's own. */
  readonly home: string;
  /** To be read, never to be changed. */
  readonly source: TestDatabase;
  /** A copy of the source, with one statement run on it. */
  changedSource(sql: string, params?: readonly unknown[]): Promise<TestDatabase>;
  /** A folder with the files of the canonical blocks. */
  readonly blocks: string;
  /** By height; index 0 is unused. */
  readonly stateHashes: readonly string[];
}

export interface SmallArchiveOptions {
  /** Where the canonical chain ends; the blocks above are pending. */
  readonly canonicalHeight: number;
  /** The highest block whose file is in the folder. */
  readonly filesHeight: number;
}

export async function openSmallArchive({
  canonicalHeight,
  filesHeight,
}: SmallArchiveOptions): Promise<SmallArchive> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-small-archive-"));
  const { template, stateHashes: all } = await shortened(canonicalHeight);
  const stateHashes = all.slice(0, filesHeight + 1);
  const source = await openTestDatabase(template);
  return {
    home,
    source,
    changedSource: (sql, params) => changedCopy(template, sql, params),
    blocks: await copyBlocks(stateHashes, path.join(home, "blocks")),
    stateHashes,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The database that all small archives of one height are copies of, and its canonical blocks. */
async function shortened(canonicalHeight: number) {
  return await oncePerRun(`small archive of height ${canonicalHeight}`, async () => {
    const database = await openRestoredDump(MAINNET.dumps[0]);
    const stateHashes = await canonicalHashes(database);
    await changeDatabase(
      database,
      "update blocks set chain_status = 'pending' where chain_status = 'canonical' and height > $1",
      [canonicalHeight],
    );
    return { template: { name: database.name }, stateHashes };
  });
}

/** A copy of a database that nobody is connected to, with one statement run on it. */
export async function changedCopy(
  template: TestTemplate,
  sql: string,
  params?: readonly unknown[],
): Promise<TestDatabase> {
  const copy = await openTestDatabase(template);
  await changeDatabase(copy, sql, params);
  return copy;
}

export async function changeDatabase(
  database: TestDatabase,
  sql: string,
  params?: readonly unknown[],
): Promise<void> {
  await using session = await openTestSession(database);
  await session.query(sql, params);
}

export function blockFileOf(stateHashes: readonly string[], height: number): string {
  return `mainnet-${height}-${stateHashes[height]}.json`;
}

async function canonicalHashes(source: TestDatabase): Promise<string[]> {
  await using session = await openTestSession(source);
  const rows = await session.query<{ state_hash: string }>(
    "select state_hash from blocks where chain_status = 'canonical' order by height",
  );
  return ["", ...rows.map(({ state_hash }) => state_hash)];
}

async function copyBlocks(stateHashes: readonly string[], folder: string): Promise<string> {
  await mkdir(folder);
  const all = await mainnetBlocks();
  for (const height of stateHashes.keys()) {
    if (height < 2) continue;
    const name = blockFileOf(stateHashes, height);
    await copyFile(path.join(all, name), path.join(folder, name));
  }
  return folder;
}
