// The loop of follow: what it waits out, what stops it, and what ends it.

import { setTimeout as delay } from "node:timers/promises";
import {
  ConfigError,
  SourceDataError,
  StoppedError,
  TryAgainError,
  VerificationError,
} from "@forklift/pipeline";
import { expect, test } from "vitest";
import { type FollowLoop, followUntilStopped } from "../../src/run/follow/follow-loop.ts";

const AWAY = new TryAgainError("the source is away", { hint: "wait" });

function openLoop(cycle: (count: number, stop: AbortController) => void) {
  const stop = new AbortController();
  const waits: number[] = [];
  const stops: unknown[] = [];
  let cycles = 0;
  const loop: FollowLoop = {
    intervalMs: 8,
    signal: stop.signal,
    now: () => performance.now(),
    cycle: async () => cycle(++cycles, stop),
    onWait: ({ waitMs }) => waits.push(waitMs),
    onStop: async (error) => void stops.push(error),
  };
  return { loop, stop, waits, stops, cycles: () => cycles };
}

test("what passes is waited out with pauses that double up to the interval, and begin anew after a good cycle", async () => {
  const { loop, waits } = openLoop((count, stop) => {
    if (count === 8) return stop.abort();
    if (count !== 6) throw AWAY;
  });
  await followUntilStopped(loop);
  expect(waits).toEqual([1, 2, 4, 8, 8, 1]);
});

test.each([
  ["a difference", new VerificationError("no", { hint: "look" })],
  ["wrong data", new SourceDataError("a gap", { hint: "mend" })],
])("%s stops the cycles, and is thrown when a signal has come", async (_what, error) => {
  const { loop, stop, stops, cycles } = openLoop(() => {
    throw error;
  });
  let hasEnded = false;
  const ended = followUntilStopped(loop).finally(() => {
    hasEnded = true;
  });
  ended.catch(() => undefined);
  await expect.poll(() => stops).toEqual([error]);
  await delay(loop.intervalMs * 3);
  expect([hasEnded, cycles()]).toEqual([false, 1]);
  stop.abort();
  await expect(ended).rejects.toBe(error);
});

test("what nobody can wait out is told and thrown at once", async () => {
  const error = new ConfigError("another network", { hint: "name it" });
  const { loop, stops } = openLoop(() => {
    throw error;
  });
  await expect(followUntilStopped(loop)).rejects.toBe(error);
  expect(stops).toEqual([error]);
});

test("a signal within a cycle ends it without an error", async () => {
  const { loop, waits, cycles } = openLoop((_count, stop) => {
    stop.abort();
    throw new StoppedError("stopped by a signal");
  });
  await followUntilStopped(loop);
  expect([waits, cycles()]).toEqual([[], 1]);
});
