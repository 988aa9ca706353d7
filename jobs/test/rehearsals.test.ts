// What the dry runs of final took, and what follows for the window of the fork.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type RunRecord, runHistory } from "@forklift/sets";
import { openStore } from "@forklift/storage";
import { runRecord, STARTED } from "@forklift/testkit";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { configSchema } from "../src/config/schema.ts";
import { openMetrics } from "../src/observe/metrics/metrics.ts";
import { setRunMetrics } from "../src/observe/metrics/run-metrics.ts";
import { statusTable } from "../src/output/status-table.ts";
import { expectedWindow, trendOfRehearsals } from "../src/run/rehearsals.ts";
import { readStatus } from "../src/run/status.ts";

/** Of so many seconds, `back` days ago: the restore took one of them, the replay the rest at 10 blocks/s. */
function dryRun(back: number, seconds: number, changes: Partial<RunRecord> = {}): RunRecord {
  const started = new Date(Date.parse(STARTED) - back * 86_400_000);
  const ended = new Date(started.getTime() + seconds * 1000).toISOString();
  const stamp = started.toISOString().slice(0, 19).replaceAll(":", "-");
  return runRecord({
    id: `${stamp}Z-final-dry-run-00000${back}`,
    recipe: "final-dry-run",
    published: false,
    started: started.toISOString(),
    ...{ updated: ended, ended },
    stages: [
      { stage: "restore-target", skipped: null, rowCount: 0, elapsedMs: 1000, rate: null },
      {
        ...{ stage: "replay-commands", skipped: null, rowCount: 0 },
        ...{ elapsedMs: (seconds - 1) * 1000, rate: { perSecond: 10, unit: "blocks" } },
      },
      { stage: "publish-set", skipped: "a dry run", rowCount: 0, elapsedMs: 1, rate: null },
    ],
    ...changes,
  });
}

const PUBLISHED = runRecord({
  stages: [{ stage: "publish-set", skipped: null, rowCount: 0, elapsedMs: 4000, rate: null }],
});

const asked = { blocks: 200, height: 330, host: "here", published: [PUBLISHED] };

test("the trend compares the last one with those before it, stage by stage", () => {
  const trend = trendOfRehearsals([dryRun(0, 31), dryRun(1, 21), dryRun(2, 25)]);
  expect(trend.durationMs).toEqual({ last: 31_000, usual: 23_000 });
  expect(trend.stages).toEqual([
    { stage: "restore-target", last: 1000, usual: 1000 },
    { stage: "replay-commands", last: 30_000, usual: 22_000 },
  ]);
  expect(trendOfRehearsals([dryRun(0, 31)]).durationMs).toEqual({ last: 31_000, usual: null });
  expect(trendOfRehearsals([])).toEqual({ runs: [], durationMs: null, stages: [] });
});

test("the window is the replay at its rate for the blocks that there are now, and what else there is", () => {
  const window = expectedWindow(trendOfRehearsals([dryRun(0, 31)]), asked);
  expect(window).toMatchObject({ ms: 25_000, isOfThisMachine: true, hasPublishing: true });
  expect(window?.stages).toEqual([
    { stage: "restore-target", ms: 1000 },
    { stage: "replay-commands", ms: 20_000 },
    { stage: "publish-set", ms: 4000 },
  ]);
});

test("what goes by the whole history grows with the chain; unknown blocks take as long as before", () => {
  const trend = trendOfRehearsals([dryRun(0, 31)]);
  expect(expectedWindow(trend, { ...asked, height: 660, published: [] })).toMatchObject({
    ...{ ms: 22_000, hasPublishing: false },
  });
  expect(expectedWindow(trend, { ...asked, blocks: null, height: null })?.ms).toBe(35_000);
});

test("a rehearsal of this machine is taken before a newer one of another", () => {
  const elsewhere = dryRun(0, 99, { process: { host: "elsewhere", pid: 1 } });
  const here = dryRun(1, 31);
  expect(expectedWindow(trendOfRehearsals([elsewhere, here]), asked)?.rehearsal).toBe(here.id);
  const other = expectedWindow(trendOfRehearsals([elsewhere]), asked);
  expect(other).toMatchObject({ rehearsal: elsewhere.id, isOfThisMachine: false });
  expect(expectedWindow(trendOfRehearsals([]), asked)).toBeNull();
});

test("the status has them, however many nights lie between, and none that failed", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-rehearsals-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const target = { store: pathToFileURL(folder).href };
  const history = runHistory(openStore(target.store), "sample", expect.unreachable);
  const failed = { state: "failed", exit: 65 } as const;
  const final = dryRun(1, 900, { id: "2024-04-03T02-00-07Z-final-000009", recipe: "final" });
  const nights = Array.from({ length: 40 }, (_, at) =>
    runRecord({ id: `2024-04-05T02-00-07Z-daily-0000${at + 10}` }),
  );
  for (const record of [dryRun(90, 21), dryRun(60, 31), dryRun(30, 77, failed), final, ...nights]) {
    await history.write(record);
  }
  const config = configSchema.parse({ network: "sample", target });
  const shell = { date: () => new Date(STARTED), log: pino({ enabled: false }) };
  const status = await readStatus(config, { name: "sample" }, shell);
  expect(status.rehearsals.runs.map(({ durationMs }) => durationMs)).toEqual([31_000, 21_000]);
  const text = statusTable(status);
  expect(text).toMatch(/^rehearsal of 2024-02-04 02:00 UTC +time +usually \(1 before\) +change$/m);
  expect(text).toMatch(/^replay-commands +30\.0s +20\.0s +\+50 %$/m);
  expect(text).toMatch(/^in all +31\.0s +21\.0s +\+48 %$/m);
});

test("what is usual of a dry run is in the metrics, though it publishes nothing", async () => {
  const metrics = openMetrics();
  setRunMetrics(metrics, dryRun(0, 31), [dryRun(1, 21), dryRun(2, 25), runRecord()]);
  const text = await metrics.text();
  const labels = '{network="sample",recipe="final-dry-run"}';
  expect(text).toContain(`forklift_usual_duration_seconds${labels} 23`);
  expect(text).toContain(`forklift_run_duration_seconds${labels} 31`);
});
