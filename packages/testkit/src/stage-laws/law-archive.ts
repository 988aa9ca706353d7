// A small sample network, with its old archive as a database: the test data of the laws of stages.

import path from "node:path";
import { SAMPLE_DEFAULTS } from "@forklift/sample";
import { restoredTemplate } from "../restored-dump.ts";
import { sampleNetwork } from "../sample-archive.ts";
import type { TestTemplate } from "../test-database.ts";

/** The canonical chain of the last night takes two batches of a copy and of a replay. */
const SAMPLE = {
  ...SAMPLE_DEFAULTS,
  ...{ blocks: 70, days: 2, finality: 5, accounts: 30, commandsPerBlock: 2 },
};

export interface LawArchive {
  /** As `forklift sample` writes it. */
  readonly folder: string;
  /** File names in its folder `dumps`, oldest first. */
  readonly dumps: readonly string[];
  /** The last of them, restored. */
  readonly source: TestTemplate;
}

/** Made once a run. */
export async function lawArchive(): Promise<LawArchive> {
  const { folder, dumps } = await sampleNetwork(SAMPLE);
  const source = await restoredTemplate(dumps.at(-1)!);
  return { folder, dumps: dumps.map((dump) => path.basename(dump)), source };
}
