// Sample networks and the archives that their dumps hold, each made once in a run.

import path from "node:path";
import { makeSample, type SampleOptions } from "@forklift/sample";
import { oncePerRun } from "./once-per-run.ts";
import { openRestored } from "./restored-dump.ts";
import type { TestDatabase } from "./test-database.ts";

export interface SampleNetwork {
  /** What `forklift sample` writes; to be read, never to be changed. */
  readonly folder: string;
  /** Paths, the oldest first. */
  readonly dumps: readonly string[];
}

export async function sampleNetwork(options: SampleOptions): Promise<SampleNetwork> {
  return await oncePerRun(`sample network ${JSON.stringify(options)}`, async (home) => {
    const folder = path.join(home, "network");
    const { dumps } = await makeSample(options, folder);
    return { folder, dumps: dumps.map((name) => path.join(folder, "dumps", name)) };
  });
}

/** A database of the caller's own with what the network's first dump holds. */
export async function openSampleSource(options: SampleOptions): Promise<TestDatabase> {
  const { dumps } = await sampleNetwork(options);
  return await openRestored(dumps[0]!);
}
