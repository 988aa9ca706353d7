// Real mainnet blocks that were migrated and replayed to two heights, with the checkpoints of the replays.
// Made once in a run; migrated by the built program, since the migrator is another app.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import {
  archiveTest,
  digestsOf,
  forkliftJson,
  inProcess,
  keepTestDatabase,
  LEDGER,
  oncePerRun,
  openSmallArchive,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { replayer } from "../../src/commands/index.ts";

export const MIDDLE = 80;
export const TOP = 120;

type Template = Pick<TestDatabase, "name">;

export interface ReplayedArchive {
  /** Templates, never connected to: migrated and replayed at once to those heights. */
  readonly top: Template;
  readonly middle: Template;
  /** Migrated to the top, replayed to the middle. */
  readonly behind: Template;
  /** The checkpoints that the replays wrote; to be read, never to be changed. */
  readonly topFolder: string;
  readonly middleFolder: string;
  /** What those templates hold, for a template that is looked into cannot be copied meanwhile. */
  readonly topDigests: Readonly<Record<string, string>>;
  readonly middleDigests: Readonly<Record<string, string>>;
  readonly middleMarks: readonly object[];
  /** By height. */
  readonly stateHashes: readonly string[];
}

/** Opens what the parameters of a test name, and nothing else. */
export const test = archiveTest.extend(
  "replayed",
  { scope: "file" },
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads a fixture's needs from a pattern.
  async ({}) => await oncePerRun("replayed archive", make),
);

/** The arguments of a replay that begins where it can. */
export function replay(target: TestDatabase, folder: string, ...more: string[]): string[] {
  return ["replay", "--target-db", target.url, "--checkpoints", folder, ...more];
}

/** By the built program. */
export async function migrate(target: Pick<TestDatabase, "url">, height: number): Promise<void> {
  await using archive = await openArchive();
  await forkliftJson([
    ...["migrate", "--source-db", archive.source.url, "--target-db", target.url],
    ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER, "--network", "mainnet"],
    ...["--stop-at-height", String(height)],
  ]);
}

async function openArchive() {
  return await openSmallArchive({ canonicalHeight: 60, filesHeight: TOP });
}

async function make(home: string): Promise<ReplayedArchive> {
  const { runJson } = inProcess(replayer);
  const fromGenesis = async (target: { url: string }, folder: string, ...more: string[]) => {
    const args = ["replay", "--target-db", target.url, "--checkpoints", folder];
    await runJson([...args, "--genesis-ledger", LEDGER, ...more]);
  };
  const [topFolder, middleFolder] = [path.join(home, "top"), path.join(home, "middle")];
  await mkdir(topFolder);
  await mkdir(middleFolder);
  const middle = await keepTestDatabase();
  await migrate(middle, MIDDLE);
  await fromGenesis(middle, middleFolder);
  const { name, url } = await openTestDatabase(middle);
  await migrate({ url }, TOP);
  const top = await keepTestDatabase();
  await migrate(top, TOP);
  await fromGenesis(top, topFolder, "--checkpoint-interval", "40");
  await using archive = await openArchive();
  const { stateHashes } = archive;
  return {
    ...{ top, middle, behind: { name }, topFolder, middleFolder, stateHashes },
    topDigests: await digestsOf(top),
    middleDigests: await digestsOf(middle),
    middleMarks: await marksOf(middle),
  };
}

/** Without the mark of the genesis accounts, which does not name a block. */
export async function marksOf(database: Pick<TestDatabase, "url">): Promise<object[]> {
  await using session = await openTestSession(database);
  return await session.query(
    "select stage, cursor from forklift.progress_mark where cursor ? 'height' order by stage",
  );
}
