// How much of a living source is read at once.

import { expect, test } from "vitest";
import { boundedLoad } from "../src/source-load.ts";

const NEVER = new AbortController().signal;

test("reads grow while they are fast, up to the greatest, and shrink when one is slow", () => {
  const load = boundedLoad({ blocksMax: 45, pauseMs: 0, signal: NEVER });
  const sizes = [load.blocks];
  for (const elapsedMs of [1, 1, 1, 1, 10_000, 500]) {
    load.adapt(load.blocks, elapsedMs);
    sizes.push(load.blocks);
  }
  expect(sizes).toEqual([10, 20, 40, 45, 45, 23, 23]);
});

test("a greatest read below the first trial is kept to", () => {
  const load = boundedLoad({ blocksMax: 3, pauseMs: 0, signal: NEVER });
  load.adapt(load.blocks, 1);
  expect(load.blocks).toBe(3);
});

test("a pause ends with the signal", async () => {
  const stop = new AbortController();
  const pause = boundedLoad({ blocksMax: 3, pauseMs: 2 ** 30, signal: stop.signal }).pause();
  stop.abort();
  await pause;
});
