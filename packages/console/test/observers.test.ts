// What people see of a run, on a terminal and in a log.

import { Writable } from "node:stream";
import type { Observer } from "@forklift/pipeline";
import pino from "pino";
import { expect, test } from "vitest";
import { stagesTable } from "../src/command/stages-outcome.ts";
import { logObserver } from "../src/log/log-observer.ts";
import { openProgressLine } from "../src/log/progress-line.ts";
import { terminalObserver } from "../src/log/terminal-observer.ts";
import { counted } from "../src/text/numbers.ts";

/** A stream that keeps what was written, and a clock that a test moves. */
function stage() {
  let written = "";
  let nowMs = 0;
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return {
    stream,
    now: () => nowMs,
    pass: (ms: number) => {
      nowMs += ms;
    },
    written: () => written,
  };
}

const progress = (done: bigint) => ({ stage: "copy-blocks", done, total: 2000n, unit: "blocks" });
const report = { stage: "copy-blocks", rowCount: 12_345, checks: [], elapsedMs: 83_000 };

/** 100 blocks a second from block 1,000 on: ten seconds are left. */
function copyHalf(observer: Observer, pass: (ms: number) => void): void {
  observer.stageStarted({ stage: "copy-blocks", index: 3, count: 7 });
  observer.stageProgressed(progress(900n));
  pass(1000);
  observer.stageProgressed(progress(1000n));
}

test("a terminal shows step, amount, rate and time left on one line that moves", () => {
  const { stream, now, pass, written } = stage();
  const observer = terminalObserver(openProgressLine(stream), now);
  copyHalf(observer, pass);
  expect(written()).toContain("3/7 copy-blocks  1,000/2,000 blocks  100/s  ETA 10.0s");
  expect(written()).not.toContain("\n");
  observer.stageEnded(report);
  expect(written()).toMatch(/3\/7 copy-blocks {2}12,345 rows {2}1m23s\n$/);
});

test("a terminal is not repainted more often than the eye can follow", () => {
  const { stream, now, pass, written } = stage();
  const observer = terminalObserver(openProgressLine(stream), now);
  observer.stageStarted({ stage: "copy-blocks", index: 1, count: 1 });
  for (let done = 0n; done < 1000n; done++) {
    observer.stageProgressed(progress(done));
    pass(1);
  }
  expect(written().match(/2,000 blocks/g)?.length).toBeLessThanOrEqual(10);
});

test("a narrow terminal gets lines that it can take back", () => {
  const { stream, now, pass, written } = stage();
  copyHalf(terminalObserver(openProgressLine(Object.assign(stream, { columns: 20 })), now), pass);
  const lines = written().split("\r\u001b[K").slice(1);
  expect(lines).toEqual(["3/7 copy-blocks …", "3/7 copy-blocks  90", "3/7 copy-blocks  1,"]);
  openProgressLine(Object.assign(stream, { columns: 0 })).paint("as wide as it likes");
  expect(written()).toMatch(/likes$/);
});

test("no rate is told before there is one", () => {
  const { stream, now, written } = stage();
  const observer = terminalObserver(openProgressLine(stream), now);
  observer.stageStarted({ stage: "copy-blocks", index: 3, count: 7 });
  observer.stageProgressed(progress(900n));
  expect(written()).toMatch(/900\/2,000 blocks$/);
});

test("whoever leaves the line that moves writes on a line of their own", () => {
  const { stream, now, pass, written } = stage();
  const line = openProgressLine(stream);
  line.leave();
  expect(written()).toBe("");
  const observer = terminalObserver(line, now);
  copyHalf(observer, pass);
  line.leave();
  line.leave();
  expect(written()).toMatch(/ETA 10\.0s\n$/);
  observer.stageEnded(report);
  line.leave();
  expect(written()).toMatch(/[^\n]1m23s\n$/);
});

test("a table of stages tells what they counted, one of a thing as one", () => {
  const details = { checkpointsWritten: 1, ledgerHashesCompared: 1, balancesCompared: 20 };
  const text = stagesTable([{ ...report, leftBehind: { canonicalBlocksAbove: 1 }, details }]);
  expect(text).toMatch(/^stage +rows +checks +time +remark$/m);
  expect(text).toContain("left behind: canonical blocks above 1; checkpoints written 1");
  expect(text).toContain("ledger hashes compared 1, balances compared 20");
  expect([0, 1, 1200].map((count) => counted(count, "set"))).toEqual([
    "0 sets",
    "1 set",
    "1,200 sets",
  ]);
});

test("a log has one line per event, and a line of progress every ten seconds", () => {
  const { stream, now, pass, written } = stage();
  const observer = logObserver(pino({ base: null }, stream), now);
  copyHalf(observer, pass);
  pass(10_000);
  observer.stageProgressed(progress(1100n));
  observer.stageEnded({ ...report, skipped: "there is nothing new" });
  const lines = written()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject([
    { stage: "copy-blocks", msg: "3/7 copy-blocks" },
    { done: "1100", total: "2000", unit: "blocks", perSecond: 18 },
    { msg: "3/7 copy-blocks skipped: there is nothing new" },
  ]);
});
