// Any sample network goes through prime, its dailies and final, each of which verifies itself. One in
// the quick suite, a few in the whole one; FORKLIFT_RANDOM_NETWORKS=200 for many. A failure prints its seed.

import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseStateHash } from "@forklift/chain";
import { makeSample, type SampleOptions } from "@forklift/sample";
import type { JobName } from "@forklift/sets";
import { serverUrl } from "@forklift/testkit";
import fc from "fast-check";
import pino from "pino";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config/load-config.ts";
import { runJob } from "../src/run/run-job.ts";

const NETWORKS = Number(process.env["FORKLIFT_RANDOM_NETWORKS"] ?? 4);

/** A network takes some seconds; the limit ends a hang. */
const TIMEOUT_MS = 60_000 * NETWORKS;

const options: fc.Arbitrary<SampleOptions> = fc.record({
  seed: fc.nat(),
  blocks: fc.integer({ min: 10, max: 40 }),
  days: fc.integer({ min: 1, max: 3 }),
  finality: fc.integer({ min: 3, max: 12 }),
  accounts: fc.integer({ min: 30, max: 60 }),
  commandsPerBlock: fc.integer({ min: 0, max: 8 }),
});

const shell = {
  log: pino({ level: "silent" }),
  signal: new AbortController().signal,
  now: () => performance.now(),
  date: () => new Date("2021-06-01T00:00:00Z"),
  progressLine: null,
};

test("a network goes through prime, its dailies and final", () => liftNetworks(1));

test("any network does", { timeout: TIMEOUT_MS, tags: ["only-in-all"] }, () =>
  liftNetworks(NETWORKS),
);

async function liftNetworks(numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(options, async (chosen) => {
      const home = await mkdtemp(path.join(tmpdir(), "forklift-random-"));
      try {
        await liftThrough(path.join(home, "network"), chosen);
      } finally {
        await rm(home, { recursive: true });
      }
    }),
    { numRuns, endOnFailure: true },
  );
}

async function liftThrough(home: string, chosen: SampleOptions): Promise<void> {
  const { tip } = await makeSample(chosen, home);
  const { config } = await loadConfig({
    file: path.join(home, "forklift.yaml"),
    settings: [`postgres.url=${serverUrl()}`, "final.minConfirmations=0"],
    environment: {},
  });
  const run = async (job: JobName, forkStateHash: string | null) => {
    const stop = {
      forkStateHash: forkStateHash === null ? null : parseStateHash(forkStateHash),
      stopAtHeight: null,
    };
    return await runJob(config, { job, stop, isDryRun: false, isReplacing: false }, shell);
  };

  const nights = path.join(home, "nights");
  await rename(path.join(home, "dumps"), nights);
  await mkdir(path.join(home, "dumps"));
  for (const [night, dump] of (await readdir(nights)).sort().entries()) {
    await rename(path.join(nights, dump), path.join(home, "dumps", dump));
    await run(night === 0 ? "prime" : "daily", null);
  }
  const outcome = await run("final", tip.stateHash);
  expect(outcome).toMatchObject({
    height: Number(tip.height),
    stateHash: tip.stateHash,
    published: true,
  });
}
