// Whether the process that left a mark is still running.

import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { livenessOf, thisProcess } from "../src/process-mark.ts";
import { signalProcess } from "../src/process-table.ts";

test("this process is running, and so is its parent by its number alone", () => {
  expect(livenessOf(thisProcess())).toBe("running");
  expect(livenessOf({ host: hostname(), pid: process.ppid })).toBe("running");
});

test("a process that has ended has ended, also when its number is ours now", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  expect(livenessOf({ ...thisProcess(), pid: pid! })).toBe("ended");
  expect(livenessOf({ ...thisProcess(), start: "1" })).toBe("ended");
});

test("a process that has ended before the signal is gone, and no error", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  expect(signalProcess(pid!, "SIGINT")).toBe(false);
});

test("a number that was seen in use before its process began is of another one", () => {
  const { host, pid } = thisProcess();
  const at = (ms: number) => new Date(performance.timeOrigin + ms);
  expect(livenessOf({ host, pid, seen: at(-60_000) })).toBe("ended");
  expect(livenessOf({ host, pid, seen: at(0) })).toBe("running");
});

test("of another machine or another container nobody can tell", () => {
  expect(livenessOf({ ...thisProcess(), host: "elsewhere" })).toBe("unknown");
  expect(livenessOf({ ...thisProcess(), namespace: "1" })).toBe("unknown");
});
