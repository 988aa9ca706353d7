// A pre-fork archive of real mainnet blocks whose canonical chain ends early, so that a whole job on
// it takes seconds, with the block files of that chain in a folder.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import {
  forkliftJson,
  MAINNET,
  mainnetDump,
  mainnetUrl,
  openTestDatabase,
  openTestSession,
  sharedPath,
  type TestDatabase,
} from "@forklift/testkit";

const run = promisify(execFile);

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
  const template = await openTestDatabase();
  const dump = mainnetUrl(`dumps/${mainnetDump(MAINNET.dumps[0])}`);
  await forkliftJson(["restore", "--dump", dump, "--db", template.url]);
  const stateHashes = await canonicalHashes(template, filesHeight);
  await changeDatabase(
    template,
    "update blocks set chain_status = 'pending' where chain_status = 'canonical' and height > $1",
    [canonicalHeight],
  );
  const source = await openTestDatabase(template);
  return {
    home,
    source,
    changedSource: (sql, params) => changedCopy(template, sql, params),
    blocks: await extractBlocks(stateHashes, path.join(home, "blocks")),
    stateHashes,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await template[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A copy of a database that nobody is connected to, with one statement run on it. */
export async function changedCopy(
  template: TestDatabase,
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

async function canonicalHashes(source: TestDatabase, upTo: number): Promise<string[]> {
  await using session = await openTestSession(source);
  const rows = await session.query<{ state_hash: string }>(
    `select state_hash from blocks where chain_status = 'canonical' and height <= $1
     order by height`,
    [upTo],
  );
  return ["", ...rows.map(({ state_hash }) => state_hash)];
}

async function extractBlocks(stateHashes: readonly string[], folder: string): Promise<string> {
  await mkdir(folder);
  const names = stateHashes.flatMap((_, height) =>
    height < 2 ? [] : [blockFileOf(stateHashes, height)],
  );
  const list = `${folder}.txt`;
  await writeFile(list, names.join("\n"));
  const bundle = sharedPath(`data/mainnet/${MAINNET.blocks}`);
  await run("tar", ["-xzf", bundle, "-C", folder, "-T", list]);
  return folder;
}
