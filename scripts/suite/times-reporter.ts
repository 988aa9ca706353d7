// Prints where the time of a test run goes: the slowest files, and sums by kind of what they did. Needs
// one worker, since what the processors did between two files is put down to the second.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { treeSeconds } from "./process-tree.ts";
import { TIMED_KINDS_VARIABLE, type TimedThing } from "./timed-kinds.ts";

const SLOWEST_SHOWN = 30;
const MS_PER_SECOND = 1000;

interface FileTimes {
  readonly file: string;
  readonly tests: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

export default class TimesReporter implements Reporter {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "forklift-times-"));
  readonly #kindsFile = path.join(this.#folder, "kinds.jsonl");
  readonly #files: FileTimes[] = [];
  readonly #loading: TimedThing[] = [];
  #cpuSeconds = 0;
  #wallMs = 0;

  onTestRunStart(): void {
    process.env[TIMED_KINDS_VARIABLE] = this.#kindsFile;
    this.#cpuSeconds = treeSeconds(process.pid);
    this.#wallMs = performance.now();
  }

  onTestModuleEnd(module: TestModule): void {
    const [cpuSeconds, wallMs] = [treeSeconds(process.pid), performance.now()];
    this.#files.push({
      file: module.relativeModuleId,
      tests: [...module.children.allTests()].length,
      cpuSeconds: cpuSeconds - this.#cpuSeconds,
      wallSeconds: (wallMs - this.#wallMs) / MS_PER_SECOND,
    });
    [this.#cpuSeconds, this.#wallMs] = [cpuSeconds, wallMs];
    const { prepareDuration, setupDuration, collectDuration } = module.diagnostic();
    this.#loading.push(
      { kind: "start of a test process", ms: prepareDuration + setupDuration },
      { kind: "imports of a test file, transformed", ms: collectDuration },
    );
    console.log(lineOf(this.#files.at(-1)!));
  }

  onTestRunEnd(): void {
    const slowest = this.#files.toSorted((a, b) => b.cpuSeconds - a.cpuSeconds);
    const sum = (of: (times: FileTimes) => number) =>
      this.#files.reduce((total, times) => total + of(times), 0);
    console.log(
      `\nSeconds of processors, seconds, tests, of the slowest of ${slowest.length} files:`,
    );
    for (const times of slowest.slice(0, SLOWEST_SHOWN)) console.log(lineOf(times));
    console.log(
      lineOf({
        file: "all",
        tests: sum(({ tests }) => tests),
        cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
        wallSeconds: sum(({ wallSeconds }) => wallSeconds),
      }),
    );
    console.log("\nBy kind, as far as test files did it themselves: how many, seconds, ms each");
    for (const [kind, times] of byKind([...this.#loading, ...readThings(this.#kindsFile)])) {
      const ms = times.reduce((total, one) => total + one, 0);
      const [seconds, each] = [ms / MS_PER_SECOND, ms / times.length];
      console.log(
        `${pad(times.length)} ${pad(seconds.toFixed(1))} ${pad(each.toFixed(0))}  ${kind}`,
      );
    }
    rmSync(this.#folder, { recursive: true });
  }
}

function lineOf({ cpuSeconds, wallSeconds, tests, file }: FileTimes): string {
  return `${pad(cpuSeconds.toFixed(1))} ${pad(wallSeconds.toFixed(1))} ${pad(tests)}  ${file}`;
}

function pad(value: number | string): string {
  return String(value).padStart(7);
}

/** None where nothing was noted. */
function readThings(file: string): TimedThing[] {
  try {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as TimedThing);
  } catch {
    return [];
  }
}

/** The kinds that took most come first. */
function byKind(things: readonly TimedThing[]): [kind: string, times: number[]][] {
  const kinds = new Map<string, number[]>();
  for (const { kind, ms } of things) {
    const times = kinds.get(kind);
    if (times === undefined) kinds.set(kind, [ms]);
    else times.push(ms);
  }
  const total = (times: readonly number[]) => times.reduce((sum, ms) => sum + ms, 0);
  return [...kinds].sort(([, a], [, b]) => total(b) - total(a));
}
