// What the tests of wrong input run on. Every part is opened by the first test of a file that asks
// for it, with the parts that it needs itself, and goes when the file is done.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startServer } from "@forklift/postgres";
import {
  forkliftJson,
  MAINNET,
  mainnetUrl,
  openTestDatabase,
  type TestDatabase,
} from "@forklift/testkit";
import { test as bareTest, expect } from "vitest";
import { contentsOf, filesIn } from "../contents.ts";
import { openSmallArchive } from "../small-archive.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

/** The canonical chain of the source ends here, beside three orphans. */
const PRIMED_HEIGHT = 60;
export const AHEAD_HEIGHT = 75;

export const LEDGER = mainnetUrl(MAINNET.genesisLedger);
export const CLOSED_PORT = "postgres://forklift@127.0.0.1:1/archive";

const perFile = { scope: "file" } as const;

interface Migration {
  readonly target: string;
  readonly source?: string;
  readonly blocks?: string;
  readonly ledger?: string;
  readonly network?: string;
  readonly more?: readonly string[];
}

/** Opens what the parameters of a test name, and nothing else. */
export const test = bareTest
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads a fixture's needs from a pattern.
  .extend("home", perFile, async ({}, { onCleanup }) => {
    const home = await mkdtemp(path.join(tmpdir(), "forklift-wrong-input-"));
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
    const archive = await openSmallArchive({
      canonicalHeight: PRIMED_HEIGHT,
      filesHeight: AHEAD_HEIGHT,
    });
    onCleanup(() => archive[Symbol.asyncDispose]());
    return archive;
  })
  /** For scratch databases: other tests ask what is left on the shared one. */
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  .extend("server", perFile, async ({}, { onCleanup }) => {
    const server = await startServer({ binaries: "auto" });
    onCleanup(() => server[Symbol.asyncDispose]());
    return server;
  })
  /** Writes a configuration that is right but for the changes. */
  .extend("configFile", perFile, ({ archive, home, newFolder, server }) => {
    return async (changes: object): Promise<string> =>
      await writeConfig(await newFolder(), {
        source: { database: archive.source.url },
        target: { store: path.join(home, "store") },
        blocks: [archive.blocks],
        postgres: { url: server.url },
        ...changes,
      });
  })
  /** The arguments of a migration that is right but for what is given. */
  .extend("migration", perFile, ({ archive }) => {
    return ({ target, source, blocks, ledger, network, more = [] }: Migration): string[] => [
      ...["migrate", "--target-db", target, "--source-db", source ?? archive.source.url],
      ...["--blocks", blocks ?? archive.blocks, "--genesis-ledger", ledger ?? LEDGER],
      ...["--network", network ?? "mainnet", ...more],
    ];
  })
  /** Primed to height 60; a template, never connected to. */
  .extend("primed", perFile, async ({ configFile, home }, { onCleanup }) => {
    const primed = await openTestDatabase();
    onCleanup(() => primed[Symbol.asyncDispose]());
    const target = { store: path.join(home, "store"), database: primed.url };
    await forkliftJson(["prime", "--config", await configFile({ target })]);
    return primed;
  })
  /** What prime published: the set of height 60. */
  .extend("store", perFile, ({ home, primed: _published }) => path.join(home, "store"))
  /** The checkpoint of that set. */
  .extend("checkpoint", perFile, async ({ store }) => {
    const names = Object.keys(await filesIn(store));
    return path.join(store, names.find((name) => /-checkpoint-\d+\.json$/.test(name))!);
  })
  /** Migrated to height 75, replayed to 60; a template, too. */
  .extend("ahead", perFile, async ({ migration, primed }, { onCleanup }) => {
    const ahead = await openTestDatabase(primed);
    onCleanup(() => ahead[Symbol.asyncDispose]());
    const more = ["--stop-at-height", String(AHEAD_HEIGHT)];
    await forkliftJson(migration({ target: ahead.url, more }));
    return ahead;
  });

/** A configuration that would do if its databases were there, but for the changes. JSON is YAML. */
export async function writeConfig(folder: string, changes: object): Promise<string> {
  const file = path.join(folder, "forklift.yaml");
  const config = {
    network: "mainnet",
    genesisLedger: LEDGER,
    source: { database: CLOSED_PORT },
    target: { store: path.join(folder, "store") },
    blocks: [path.join(folder, "blocks")],
    ...changes,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** The arguments of a replay that writes its checkpoints to a folder. */
export function replay(target: TestDatabase, folder: string, from: string, ...more: string[]) {
  return [
    ...["replay", "--target-db", target.url, "--checkpoint", from],
    ...["--checkpoints", folder, ...more],
  ];
}

/** Refused, and every table of the target holds what it held. */
export async function expectUntouched(
  target: TestDatabase,
  args: readonly string[],
  refusal: Refusal,
): Promise<void> {
  const before = await contentsOf(target);
  await expectRefusal(args, refusal);
  expect(await contentsOf(target)).toEqual(before);
}
