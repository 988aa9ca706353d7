// What several apps' tests begin with: a target that `forklift prime` has made of a small archive, the
// set that it published, and the same target some blocks further on. Made once in a run, by the built
// program, since no app's tests may import another app.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { MAINNET, mainnetUrl } from "./mainnet.ts";
import { oncePerRun } from "./once-per-run.ts";
import { forkliftJson } from "./run-forklift.ts";
import { openSmallArchive, type SmallArchive } from "./small-archive.ts";
import { keepTestDatabase, openTestDatabase, type TestTemplate } from "./test-database.ts";

/** The canonical chain of the source ends here, beside three orphans. */
const PRIMED_HEIGHT = 60;
/** The files go on to here, and so does a migration of the target ahead. */
export const AHEAD_HEIGHT = 75;

const LEDGER = mainnetUrl(MAINNET.genesisLedger);

export interface PrimedArchive {
  /** Templates, never to be connected to. Migrated and replayed to the first height: */
  readonly primed: TestTemplate;
  /** Migrated to the second, replayed to the first. */
  readonly ahead: TestTemplate;
  /** The folder with the set of the first height; to be read, never to be changed. */
  readonly store: string;
  /** The checkpoint of that set. */
  readonly checkpoint: string;
}

export async function primedArchive(): Promise<PrimedArchive> {
  return await oncePerRun(`primed archive of heights ${PRIMED_HEIGHT} and ${AHEAD_HEIGHT}`, make);
}

/** The archive that it was made of, or one like it. */
export async function openArchiveToPrime(): Promise<SmallArchive> {
  return await openSmallArchive({ canonicalHeight: PRIMED_HEIGHT, filesHeight: AHEAD_HEIGHT });
}

async function make(folder: string): Promise<PrimedArchive> {
  await using archive = await openArchiveToPrime();
  const primed = await keepTestDatabase();
  const store = path.join(folder, "store");
  await mkdir(store);
  const config = path.join(folder, "forklift.yaml");
  // JSON is YAML.
  const content = {
    network: "mainnet",
    genesisLedger: LEDGER,
    source: { database: archive.source.url },
    target: { store, database: primed.url },
    blocks: [archive.blocks],
  };
  await writeFile(config, JSON.stringify(content));
  await forkliftJson(["prime", "--config", config]);
  const ahead = await openTestDatabase(primed);
  await forkliftJson([
    ...["migrate", "--source-db", archive.source.url, "--target-db", ahead.url],
    ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER, "--network", "mainnet"],
    ...["--stop-at-height", String(AHEAD_HEIGHT)],
  ]);
  const checkpoint = (await readdir(store)).find((name) => /-checkpoint-\d+\.json$/.test(name))!;
  return {
    primed: { name: primed.name },
    ahead: { name: ahead.name },
    store,
    checkpoint: path.join(store, checkpoint),
  };
}
