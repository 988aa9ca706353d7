// What `forklift status` says of each run, as text and as a document: nothing of it cut.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { RUN_AGAIN } from "@forklift/pipeline";
import { decodeRunRecord, type RunRecord, runHistory } from "@forklift/sets";
import { openStore } from "@forklift/storage";
import { failedRecord, runRecord, writeSet } from "@forklift/testkit";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { configSchema } from "../src/config/schema.ts";
import { watchRun } from "../src/observe/run-recorder.ts";
import { statusTable } from "../src/output/status-table.ts";
import { readStatus } from "../src/run/status.ts";

const LOG = pino({ enabled: false });

describe("the status", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "forklift-status-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const config = () =>
    configSchema.parse({ network: "sample", target: { store: pathToFileURL(folder).href } });

  const read = async (records: readonly RunRecord[], now: Date) => {
    const history = runHistory(openStore(config().target.store), "sample", expect.unreachable);
    for (const record of records) await history.write(record);
    return await readStatus(config(), { name: "sample" }, { date: () => now, log: LOG });
  };

  test("of a run that failed has its id, the whole cause, the next step and the evidence", async () => {
    const cause = `the source is not a whole chain:\n  no block at height 7: ${"x".repeat(900)} end`;
    const failed = failedRecord({
      id: "2024-04-04T00-00-00Z-daily-abcdef",
      error: { name: "SourceDataError", message: cause, hint: `${"patch ".repeat(40)}it` },
      evidence: "file:///store/sample-runs/abcdef.evidence.json",
      progress: { stage: "preflight", index: 3, count: 11, done: null, total: null, unit: null },
    });
    const status = await read([failed], new Date());
    expect(status.runs).toMatchObject([
      {
        id: failed.id,
        state: "failed",
        cause,
        next: failed.error!.hint,
        evidence: failed.evidence,
      },
    ]);
    const text = statusTable(status);
    expect(text).toMatch(/failed 65 +2024-04-04T00-00-00Z-daily-abcdef$/m);
    expect(text).toContain(
      [
        `failed ${failed.id}`,
        "stage         3/11 preflight",
        "cause         the source is not a whole chain:",
        `              no block at height 7: ${"x".repeat(900)} end`,
        `next          ${"patch ".repeat(40)}it`,
        `evidence      ${failed.evidence}`,
      ].join("\n"),
    );
  });

  test("shows a set of version 1 as any other", async () => {
    await writeSet(openStore(config().target.store), { height: 20 });
    const { name } = await writeSet(openStore(config().target.store), { height: 10, inputs: null });
    const { sets, faults } = await read([], new Date());
    expect(sets.map(({ height }) => height)).toEqual([20, 10]);
    expect({ name: sets[1]!.name, faults }).toEqual({ name, faults: [] });
  });

  const under = (progress: Partial<NonNullable<RunRecord["progress"]>>, now: Date): RunRecord => ({
    ...runRecord({ state: "running", ended: null, exit: null, published: false, error: null }),
    ...{ started: new Date(now.getTime() - 90_000).toISOString(), updated: now.toISOString() },
    process: { host: "elsewhere", pid: 1 },
    progress: {
      stage: "copy-blocks",
      index: 5,
      count: 11,
      done: 0,
      total: 0,
      unit: "",
      ...progress,
    },
  });

  test.each([
    [{ done: 1200, total: 4800, unit: "blocks" }, "5/11 copy-blocks  1,200/4,800 blocks (25 %)"],
    [{ done: 1200, total: null, unit: "MB" }, "5/11 copy-blocks  1,200 MB"],
    [{ done: 0, total: 0, unit: "rows" }, "5/11 copy-blocks  0/0 rows (100 %)"],
    [{ done: null, total: null, unit: null }, "5/11 copy-blocks"],
  ])("of a run under way has its stage and progress: %j", async (progress, says) => {
    const now = new Date();
    const status = await read([under(progress, now)], now);
    expect(status.runs).toMatchObject([
      { state: "running", durationMs: 90_000, progress, cause: null, next: null, evidence: null },
    ]);
    expect(statusTable(status)).toContain(`\nstage         ${says}, at ${now.getUTCFullYear()}-`);
  });

  test("of a dead run whose record nobody has closed says why, and what the next one does", async () => {
    const again = RUN_AGAIN.beginsAnew;
    const now = new Date();
    const dead = {
      ...under({ done: 7, total: 9, unit: "blocks" }, now),
      ...{ updated: new Date(now.getTime() - 3_600_000).toISOString(), again },
    };
    const status = await read([dead], now);
    expect(status.runs).toMatchObject([{ state: "crashed", next: expect.stringContaining(again) }]);
    const text = statusTable(status);
    expect(text).toMatch(/^cause +the process \d+ on .* ended untold$/m);
    expect(text).toMatch(/^next .*it begins anew$/m);
    expect(text).toMatch(/^stage +5\/11 copy-blocks {2}7\/9 blocks \(77 %\)$/m);
    expect(text).toMatch(/^evidence +none was kept$/m);
  });

  test("of a record of an earlier version is no fault", async () => {
    const { progress: _progress, again: _again, ...old } = failedRecord();
    const record = decodeRunRecord(JSON.stringify(old), "old");
    expect(record).toMatchObject({ progress: null, again: null });
    expect(statusTable(await read([record], new Date()))).toMatch(/^stage +unknown$/m);
  });

  test("follows a run: its record is renewed while it moves, and not at every step", async () => {
    let ms = 0;
    const watch = await watchRun({
      config: config(),
      options: {
        ...{ job: "prime", isDryRun: false, isReplacing: false },
        stop: { forkStateHash: null, stopAtHeight: null },
      },
      network: "sample",
      verifyStage: "verify-target",
      environment: {
        ...{ log: LOG, signal: new AbortController().signal, progressLine: null },
        ...{ now: () => ms, date: () => new Date() },
      },
    });
    const kept = async () => {
      const runs = path.join(folder, "sample-runs");
      const [name = ""] = (await readdir(runs)).filter((file) => !file.includes("evidence"));
      return decodeRunRecord(await readFile(path.join(runs, name), "utf8"), name).progress;
    };
    const { environment } = watch;
    environment.onStageStarted?.({ stage: "copy-blocks", index: 5, count: 11 });
    expect(await kept()).toBeNull();
    ms = 10_000;
    environment.onStageProgressed?.({
      stage: "copy-blocks",
      done: 50n,
      total: 90n,
      unit: "blocks",
    });
    await expect.poll(kept).toMatchObject({ stage: "copy-blocks", index: 5, done: 50, total: 90 });
    ms = 11_000;
    environment.onStageProgressed?.({
      stage: "copy-blocks",
      done: 60n,
      total: 90n,
      unit: "blocks",
    });
    await watch.failed(new Error("no"));
    expect(await kept()).toMatchObject({ stage: "copy-blocks", done: 60 });
    await watch.succeeded({ published: true });
    expect(await kept()).toBeNull();
  });
});
