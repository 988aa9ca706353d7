// The scheduler: a run that is due starts, one at a time, and a run that was left out is reported.

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inProcess } from "@forklift/testkit";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { runSchedule } from "../src/run/schedule.ts";
import { writeConfig } from "./wrong-input/fixture.ts";

const { runJson } = inProcess(forklift);

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "forklift-schedule-"));
  // No ledger, no databases: every run fails at once, which is all that is needed here.
  file = await writeConfig(folder, {
    genesisLedger: path.join(folder, "nowhere.json"),
    schedule: { cron: "30 2 * * *", timezone: "America/New_York" },
  });
});
afterAll(() => rm(folder, { recursive: true }));

test("the next runs are told in the time zone of the schedule, over a change of the clocks", async () => {
  const args = ["schedule", "--config", file, "--next", "400"];
  const { next } = await runJson<{ next: string[] }>(args);
  expect(next).toHaveLength(400);
  const local = new Intl.DateTimeFormat("en-GB", {
    timeZone: "America/New_York",
    hour: "2-digit",
    minute: "2-digit",
  });
  // Over a year: half of it is at 6:30 UTC, half at 7:30. One night a year has no half past two.
  const hours = next.map((iso) => local.format(new Date(iso)));
  expect(hours.filter((hour) => hour !== "02:30").length).toBeLessThanOrEqual(2);
  expect(new Set(next.map((iso) => iso.slice(11, 16)))).toContain("06:30");
  expect(new Set(next.map((iso) => iso.slice(11, 16)))).toContain("07:30");
});

test("a failed run is told and the next one starts; what was due while nothing could run is told", async () => {
  const stop = new AbortController();
  const told: string[] = [];
  let runs = 0;
  const { config } = await loadConfig({
    file,
    settings: ["schedule.cron=* * * * * *"],
    environment: {},
  });
  const write = (text: string) => {
    const { msg } = JSON.parse(text) as { msg: string };
    told.push(msg);
    if (msg !== "daily run failed") return;
    runs++;
    // The machine is asleep over two runs and a bit; a second sleep would be no news.
    if (runs === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
    if (told.some((it) => it.includes("was missed"))) stop.abort();
  };
  const summary = await runSchedule(config, {
    log: pino({}, { write }),
    signal: stop.signal,
    now: () => performance.now(),
    date: () => new Date(),
    progressLine: null,
  });
  expect(summary.runs).toBeGreaterThanOrEqual(2);
  expect(summary.failed).toBe(summary.runs);
  expect(summary.missed).toBeGreaterThanOrEqual(1);
  expect(told.filter((it) => it.includes("was missed"))).toHaveLength(summary.missed);
  expect(told.filter((it) => it === "next daily run").length).toBeGreaterThanOrEqual(2);
});

test("a signal that came before the first run ends it", async () => {
  const { config } = await loadConfig({ file, settings: [], environment: {} });
  const stop = new AbortController();
  const aborted = once(stop.signal, "abort");
  stop.abort();
  await aborted;
  const shell = {
    log: pino({ level: "silent" }),
    signal: stop.signal,
    now: () => performance.now(),
    date: () => new Date(),
    progressLine: null,
  };
  expect(await runSchedule(config, shell)).toEqual({
    runs: 0,
    failed: 0,
    missed: 0,
    overlapped: 0,
  });
});
