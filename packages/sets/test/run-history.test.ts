// When a run counts as dead, and how long its record is kept.

import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { openStore } from "@forklift/storage";
import { runRecord } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import {
  crashOf,
  decodeRunRecord,
  isCrashed,
  RUNS_KEPT,
  runHistory,
  SILENCE_MAX_MS,
} from "../src/index.ts";

describe("records", () => {
  const now = new Date("2024-04-04T03:00:00Z");

  test.each([
    [
      "run the same command again; it begins anew",
      /, then run the same command again; it begins anew$/,
    ],
    [null, /, then run the same command again$/],
  ])(
    "of a run that crashed says what the next one does, as far as it is known: %s",
    (again, hint) => {
      expect(crashOf(runRecord({ again })).hint).toMatch(hint);
    },
  );

  const silent = (ms: number) =>
    runRecord({ state: "running", updated: new Date(now.getTime() - ms).toISOString() });

  test.each([
    ["that has ended", runRecord(), false, false],
    ["whose process lives here", silent(1), true, false],
    ["whose process is gone from here", silent(1), false, true],
    ["that gave no sign of life", silent(SILENCE_MAX_MS + 1), true, true],
    ["that gave its last one in the future", silent(-SILENCE_MAX_MS - 1), true, true],
  ])("a run %s", (_what, record, isAlive, crashed) => {
    const probe = () => (isAlive ? ("running" as const) : ("ended" as const));
    expect(isCrashed(record, { now, probe })).toBe(crashed);
  });

  test("what a later version has added is left out", () => {
    const later = JSON.stringify({ ...runRecord(), stars: 5 });
    expect(decodeRunRecord(later, "it")).toEqual(runRecord());
  });

  test("a run on another machine is judged by its signs of life alone", () => {
    const probe = () => "unknown" as const;
    expect(isCrashed(silent(SILENCE_MAX_MS - 1), { now, probe })).toBe(false);
    expect(isCrashed(silent(SILENCE_MAX_MS + 1), { now, probe })).toBe(true);
  });

  test("a container that starts anew does not take its dead predecessor for itself", () => {
    const process = { host: hostname(), pid: globalThis.process.pid };
    const before = new Date(performance.timeOrigin - 60_000);
    const of = (started: Date, at = started) =>
      runRecord({
        process,
        state: "running",
        started: started.toISOString(),
        updated: at.toISOString(),
      });
    expect(isCrashed(of(before), { now: before })).toBe(true);
    expect(isCrashed(of(new Date()), { now: new Date() })).toBe(false);
  });

  test("two runs of one second stand in the order of their beginnings", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "forklift-history-"));
    const history = runHistory(openStore(pathToFileURL(`${folder}/`).href), "sample", () => {});
    const id = (random: string) => `2024-01-01T00-00-00Z-daily-${random}`;
    const at = (ms: number) => `2024-01-01T00:00:00.${ms}Z`;
    await history.write(runRecord({ id: id("ffffff"), started: at(100) }));
    await history.write(runRecord({ id: id("000000"), started: at(900) }));
    const newest = await history.newest(2);
    expect(newest.map((one) => one.id)).toEqual([id("000000"), id("ffffff")]);
    await rm(folder, { recursive: true });
  });

  test("a follow that died after weeks is found behind all that ran since, and its record is kept", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "forklift-history-"));
    const store = openStore(pathToFileURL(`${folder}/`).href);
    const history = runHistory(store, "sample", () => undefined);
    const living = "2023-12-01T00-00-00Z-follow-000000";
    await history.write(runRecord({ id: living, recipe: "follow", state: "running", ended: null }));
    for (let index = 0; index < RUNS_KEPT; index++) {
      const id = `2024-01-01T00-00-00Z-daily-${String(index).padStart(6, "0")}`;
      await history.write(runRecord({ id }));
    }
    const crashed = await history.sweep(now);
    expect(crashed.map(({ id }) => id)).toEqual([living]);
    expect((await history.newest(1, "follow"))[0]).toMatchObject({ id: living, state: "crashed" });
    await rm(folder, { recursive: true });
  });

  test("the oldest go with their evidence, a torn one is passed over with a warning", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "forklift-history-"));
    const runs = path.join(folder, "sample-runs");
    await mkdir(runs);
    const id = (index: number) => `2024-01-01T00-00-00Z-daily-${String(index).padStart(6, "0")}`;
    for (let index = 0; index < RUNS_KEPT + 2; index++) {
      const record = runRecord({ id: id(index) });
      await writeFile(path.join(runs, `${id(index)}.json`), JSON.stringify(record));
    }
    await writeFile(path.join(runs, `${id(0)}.evidence.json`), "{}");
    await writeFile(path.join(runs, `${id(RUNS_KEPT)}.json`), '{"version": 1');
    const warnings: string[] = [];
    const store = openStore(pathToFileURL(`${folder}/`).href);
    const history = runHistory(store, "sample", (warning) => void warnings.push(warning));
    await history.sweep(now);
    const left = (await readdir(runs)).sort();
    expect([left.length, left[0]]).toEqual([RUNS_KEPT, `${id(2)}.json`]);
    expect(warnings.join()).toContain("is torn");
    warnings.length = 0;
    expect((await history.newest(3)).map((one) => one.id)).toEqual([id(RUNS_KEPT + 1), id(399)]);
    expect(warnings).toHaveLength(1);
    await rm(folder, { recursive: true });
  });
});
