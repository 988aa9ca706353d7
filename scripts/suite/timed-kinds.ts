// Records what a test file starts, by kind, while it runs: loaded before each file by
// `npm run test:times`, and by nothing else. Each thing that has ended is a line of JSON in the file
// that the variable names.

import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import type { Worker } from "node:worker_threads";

/** Where the lines go. */
export const TIMED_KINDS_VARIABLE = "FORKLIFT_TEST_TIMES";

/** Test kits measure by these names what is no process and no thread. */
const MEASURED = /^forklift-test (.*)$/;

export interface TimedThing {
  readonly kind: string;
  readonly ms: number;
}

const file = process.env[TIMED_KINDS_VARIABLE];

function note(thing: TimedThing): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(thing)}\n`);
}

subscribe("child_process", (message) => {
  const { process: child } = message as { process: ChildProcess };
  const startMs = performance.now();
  child.once("exit", () =>
    note({ kind: kindOf(child.spawnargs), ms: performance.now() - startMs }),
  );
});

subscribe("worker_threads", (message) => {
  const { worker } = message as { worker: Worker };
  const startMs = performance.now();
  worker.once("exit", () => note({ kind: "worker threads", ms: performance.now() - startMs }));
});

new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) {
    const [, kind] = MEASURED.exec(name) ?? [];
    if (kind !== undefined) note({ kind, ms: duration });
  }
}).observe({ entryTypes: ["measure"] });

function kindOf([program = "", ...args]: readonly string[]): string {
  if (args.some((arg) => arg.endsWith("/bin/forklift.js"))) return "forklift in a process";
  if (program === process.execPath) return "other Node processes";
  if (program.endsWith("/initdb")) return "new PostgreSQL clusters";
  if (program.endsWith("/postgres")) return "PostgreSQL servers, from start to stop";
  if (args.includes("forklift-watchdog")) return "watchdogs of servers";
  return "other programs";
}
