// Kill -9 at random moments of the migration of real mainnet data, and run it again: the rows are
// those of a run that nobody disturbed, which are the golden ones.
// @module-tag only-in-all

import { randomInt } from "node:crypto";
import {
  forkliftJson,
  interruptRun,
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  projectionOfTarget,
  type TestDatabase,
} from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { differencesFromGolden } from "../../golden/compare-tables.ts";
import {
  fromBlocksArguments,
  migrateArguments,
  restoreSource,
} from "../../golden/migrate-mainnet.ts";

const PROGRAM = "forklift-migrator";

/** By way of an archive; from block files alone most stages are the same. */
const KILLS = { archive: 10, files: 4 };

/** Six migrations on a busy machine; the limit ends a hang. */
const TIMEOUT_MS = 600_000;

/** With it the clock starts: before, the process only loads its code. */
const FIRST_LINE = /"msg":"1\/\d+ preflight"/;
const NO_LINE = /(?!)/;

/** The server lets go of a killed run's lock when it notices; until then another is refused. */
const REFUSED = { exit: 75, stderr: expect.stringContaining("is locked by") as string };

/** Park and Miller's generator, as fractions: a failure is repeated with the seed that was printed. */
function fractions(seed: number): () => number {
  const modulus = 2_147_483_647;
  let state = seed;
  return () => {
    state = (state * 48_271) % modulus;
    return state / modulus;
  };
}

/** The last stage that the log of a killed run names. */
function stageOf(stderr: string): string {
  return [...stderr.matchAll(/"stage":"([a-z-]+)"/g)].at(-1)?.[1] ?? "start";
}

type ArgumentsFor = (target: TestDatabase) => readonly string[];

describe.skipIf(isMainnetDataMissing())("a migration of mainnet data", () => {
  const limit = { timeout: TIMEOUT_MS };

  test(
    "killed at ten random moments comes to what an undisturbed one does, the golden digests",
    limit,
    async () => {
      await using source = await restoreSource();
      await killManyTimes(KILLS.archive, (target) => migrateArguments({ source, target }));
    },
  );

  test("does so without an archive, at four", limit, () =>
    killManyTimes(KILLS.files, (target) => fromBlocksArguments({ target })),
  );
});

async function killManyTimes(kills: number, argumentsFor: ArgumentsFor): Promise<void> {
  const seed = Number(process.env["FORKLIFT_TEST_SEED"] ?? randomInt(1, 2_147_483_647));
  console.info(`migration-interruption: FORKLIFT_TEST_SEED=${seed}`);
  const fraction = fractions(seed);
  const calm = await undisturbed(argumentsFor);

  // A run that goes on ends sooner than the first, often before its moment has come: so they
  // take several migrations, each of which must end right.
  const killedIn: string[] = [];
  while (killedIn.length < kills) {
    await using target = await openTestDatabase();
    for (let isDone = false; !isDone; ) {
      const { exit, stderr } = await interruptRun(
        argumentsFor(target),
        {
          signal: "SIGKILL",
          line: killedIn.length < kills ? FIRST_LINE : NO_LINE,
          afterMs: fraction() * calm.durationMs,
        },
        PROGRAM,
      );
      if (exit === null) killedIn.push(stageOf(stderr));
      else if (exit !== 0) expect({ exit, stderr }).toMatchObject(REFUSED);
      isDone = exit === 0;
    }
    expect(await projectionOfTarget(target.url)).toBe(calm.projection);
  }
  console.info(`killed in: ${killedIn.join(", ")}`);
}

async function undisturbed(argumentsFor: ArgumentsFor) {
  await using target = await openTestDatabase();
  const startMs = performance.now();
  await forkliftJson(argumentsFor(target), { program: PROGRAM });
  const durationMs = performance.now() - startMs;
  await expectGolden(target);
  return { durationMs, projection: await projectionOfTarget(target.url) };
}

async function expectGolden(target: TestDatabase): Promise<void> {
  await using session = await openTestSession(target);
  expect(await differencesFromGolden(session)).toEqual([]);
}
