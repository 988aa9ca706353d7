import { expect, test } from "vitest";
import { BatchSize } from "../src/batch-size.ts";

const limits = { min: 10, max: 1000, targetMs: 100 };

test("a batch grows towards the target time, twofold at most", () => {
  const batch = new BatchSize(limits);
  expect(batch.size).toBe(10);
  batch.adapt(10, 1);
  expect(batch.size).toBe(20);
  batch.adapt(20, 80);
  expect(batch.size).toBe(25);
});

test("a batch that took too long is halved at most, and never below the least", () => {
  const batch = new BatchSize(limits);
  for (let step = 0; step < 4; step++) batch.adapt(batch.size, 1);
  expect(batch.size).toBe(160);
  batch.adapt(160, 200);
  expect(batch.size).toBe(80);
  batch.adapt(80, 100_000);
  expect(batch.size).toBe(40);
  for (let step = 0; step < 9; step++) batch.adapt(batch.size, 100_000);
  expect(batch.size).toBe(10);
});

test("a batch stays below its limit, however fast it is", () => {
  const batch = new BatchSize(limits);
  for (let step = 0; step < 20; step++) batch.adapt(batch.size, 0);
  expect(batch.size).toBe(1000);
});

test("a batch that was cut short counts by what it held", () => {
  const batch = new BatchSize(limits);
  batch.adapt(10, 1);
  batch.adapt(5, 25);
  expect(batch.size).toBe(20);
});
