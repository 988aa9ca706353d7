// A run record that is right, to be changed by a test.

import type { RunRecord } from "@forklift/sets";

export const STARTED = "2024-04-04T02:00:07.000Z";

export function runRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    version: 1,
    id: "2024-04-04T02-00-07Z-daily-5f2a91",
    network: "sample",
    recipe: "daily",
    forkliftVersion: "0.1.0",
    state: "succeeded",
    started: STARTED,
    updated: "2024-04-04T02:00:17.000Z",
    ended: "2024-04-04T02:00:17.000Z",
    process: { host: "here", pid: 1234 },
    exit: 0,
    error: null,
    stages: [
      {
        stage: "copy-blocks",
        skipped: null,
        rowCount: 20,
        elapsedMs: 1500,
        rate: { perSecond: 12.5, unit: "blocks" },
      },
      { stage: "build-indexes", skipped: "they are there", rowCount: 0, elapsedMs: 1, rate: null },
    ],
    progress: null,
    again: null,
    source: {
      name: "sample-archive-dump-2024-04-04_0000.sql.tar.gz",
      dumped: "2024-04-04T00:00:00.000Z",
      height: 330,
      canonicalHeight: 40,
    },
    set: {
      name: "sample-set-40-3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4.json",
      height: 40,
      created: "2024-04-04T02:00:16.000Z",
      bytes: 5000,
      exceptions: 2,
    },
    published: true,
    lagBlocks: 290,
    verification: { ok: true, comparisons: 900 },
    sourceFaults: 0,
    retries: 3,
    peakMemoryBytes: 1_000_000,
    evidence: null,
    ...changes,
  };
}

/** A failed one. */
export function failedRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return runRecord({
    state: "failed",
    exit: 65,
    error: {
      name: "SourceDataError",
      message: `block 7 is <wrong> & torn\n${"x".repeat(400)}`,
      hint: "fetch it again",
    },
    ...changes,
  });
}
