// A `test` whose parameters are what a command on real mainnet blocks is tried with. Every part is opened
// by the first test of a file that uses it, and closed when the file is done.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "vitest";
import { MAINNET, mainnetUrl } from "./mainnet.ts";
import { openArchiveToPrime, primedArchive } from "./primed-archive.ts";
import type { TestDatabase } from "./test-database.ts";

export const LEDGER = mainnetUrl(MAINNET.genesisLedger);

/** Of a server that is not there. */
export const CLOSED_PORT = "postgres://forklift@127.0.0.1:1/archive";

const perFile = { scope: "file" } as const;

export interface Migration {
  readonly target: string;
  readonly source?: string;
  readonly blocks?: string;
  readonly ledger?: string;
  readonly network?: string;
  readonly more?: readonly string[];
}

/** Opens what the parameters of a test name, and nothing else. */
export const archiveTest = test
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads a fixture's needs from a pattern.
  .extend("home", perFile, async ({}, { onCleanup }) => {
    const home = await mkdtemp(path.join(tmpdir(), "forklift-archive-test-"));
    onCleanup(() => rm(home, { recursive: true, force: true }));
    return home;
  })
  .extend("newFolder", perFile, ({ home }) => {
    let count = 0;
    return async (): Promise<string> => {
      const folder = path.join(home, `folder-${++count}`);
      await mkdir(folder);
      return folder;
    };
  })
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  .extend("archive", perFile, async ({}, { onCleanup }) => {
    const archive = await openArchiveToPrime();
    onCleanup(() => archive[Symbol.asyncDispose]());
    return archive;
  })
  /** The arguments of a migration that is right but for what is given. */
  .extend("migration", perFile, ({ archive }) => {
    return ({ target, source, blocks, ledger, network, more = [] }: Migration): string[] => [
      ...["migrate", "--target-db", target, "--source-db", source ?? archive.source.url],
      ...["--blocks", blocks ?? archive.blocks, "--genesis-ledger", ledger ?? LEDGER],
      ...["--network", network ?? "mainnet", ...more],
    ];
  })
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  .extend("primed", perFile, async ({}) => (await primedArchive()).primed)
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  .extend("ahead", perFile, async ({}) => (await primedArchive()).ahead)
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  .extend("store", perFile, async ({}) => (await primedArchive()).store)
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  .extend("checkpoint", perFile, async ({}) => (await primedArchive()).checkpoint);

/** The arguments of a replay that begins with a checkpoint and writes its own to a folder. */
export function replayArguments(
  target: TestDatabase,
  folder: string,
  checkpoint: string,
  ...more: readonly string[]
): string[] {
  return [
    ...["replay", "--target-db", target.url, "--checkpoint", checkpoint],
    ...["--checkpoints", folder, ...more],
  ];
}
