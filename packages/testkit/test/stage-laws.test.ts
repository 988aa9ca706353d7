// Tests the laws of stages themselves: a correct stage passes all of them, and a stage that breaks
// one law fails that law, and no other.
// @module-tag only-in-all

import { AssertionError } from "node:assert/strict";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CrashPoints, type LawOfStage, lawsOf, lawsOfBatches } from "../src/index.ts";
import { BROKEN } from "./stage-laws/broken-squares.ts";
import { openSquaresDatabase, type SquaresDatabase, squaresFixture } from "./stage-laws/squares.ts";
import {
  brokenLook,
  brokenSum,
  look,
  lookFixture,
  sum,
  sumFixture,
} from "./stage-laws/whole-stages.ts";

let database: SquaresDatabase;

beforeAll(async () => {
  database = await openSquaresDatabase();
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** Anything but a broken law would be a broken suite. */
async function brokenLaws(laws: readonly LawOfStage[]): Promise<string[]> {
  const broken: string[] = [];
  for (const { name, holds } of laws) {
    try {
      await holds();
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      broken.push(name);
    }
  }
  return broken;
}

test("an honest stage keeps every law, of whatever kind it is", async () => {
  expect(await brokenLaws(lawsOfBatches(squaresFixture(database)))).toEqual([]);
  expect(await brokenLaws(lawsOf(sumFixture(database, sum)))).toEqual([]);
  expect(await brokenLaws(lawsOf(lookFixture(database, look)))).toEqual([]);
});

test.each(BROKEN)("%s: told of a stage that %s, and nothing else is", async (law, _how, stage) => {
  expect(await brokenLaws(lawsOfBatches(squaresFixture(database, stage)))).toEqual([law]);
});

test("a whole that is made in two commits is told of", async () => {
  expect(await brokenLaws(lawsOf(sumFixture(database, brokenSum)))).toEqual([
    "a crash before or after any commit, then a run, equals no crash",
  ]);
});

test("a look that writes is told of", async () => {
  expect(await brokenLaws(lawsOf(lookFixture(database, brokenLook)))).toEqual([
    "a run that only looks writes nothing",
  ]);
});

test("every law has a stage that breaks it", () => {
  const laws = [
    ...lawsOfBatches(squaresFixture(database)),
    ...lawsOf(sumFixture(database, sum)),
    ...lawsOf(lookFixture(database, look)),
  ];
  const broken = [...BROKEN.map(([law]) => law), "a run that only looks writes nothing"];
  expect(new Set(laws.map(({ name }) => name))).toEqual(new Set(broken));
});

test("a process that died in a store's write writes nothing more, before or after it", async () => {
  for (const [moment, expected] of [
    ["before", ["one"]],
    ["after", ["one", "two"]],
  ] as const) {
    const written: string[] = [];
    const store = { write: async (name: string) => written.push(name), list: () => written };
    await using crash = new CrashPoints({ at: 2, moment });
    const dying = crash.store(store, ["write"]);
    await dying.write("one");
    await expect(dying.write("two")).rejects.toThrow("died");
    await expect(dying.write("three")).rejects.toThrow("died");
    expect(written).toEqual(expected);
    expect(dying.list()).toEqual(expected);
  }
});
