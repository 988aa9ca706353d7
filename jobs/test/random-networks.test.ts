// Any sample network goes through prime, its dailies and final, each of which verifies itself, and comes to the
// same as a prime on its last dump and a final: with every history. One network in the quick suite, a few in the
// whole one; FORKLIFT_RANDOM_NETWORKS=200 for many. A failure prints its seed.

import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BlockRef, HISTORIES, type History, parseStateHash } from "@forklift/chain";
import { makeSample, type SampleOptions } from "@forklift/sample";
import { decodeManifest, type JobName, type Manifest, manifestName } from "@forklift/sets";
import { serverUrl } from "@forklift/testkit";
import fc from "fast-check";
import pino from "pino";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config/load-config.ts";
import { runJob } from "../src/run/run-job.ts";

const NETWORKS = Number(process.env["FORKLIFT_RANDOM_NETWORKS"] ?? 4);

/** A network takes some seconds; the limit ends a hang. */
const TIMEOUT_MS = 60_000 * NETWORKS;

const networks: fc.Arbitrary<SampleOptions> = fc.record({
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

test("a network goes through prime, its dailies and final", () => liftNetworks(1, ["all"]));

test("any network does", { timeout: 3 * TIMEOUT_MS, tags: ["only-in-all"] }, () =>
  liftNetworks(NETWORKS, HISTORIES),
);

async function liftNetworks(numRuns: number, histories: readonly History[]): Promise<void> {
  await fc.assert(
    fc.asyncProperty(networks, fc.constantFrom(...histories), fc.boolean(), async (...drawn) => {
      const [chosen, history, isBelowTip] = drawn;
      const home = await mkdtemp(path.join(tmpdir(), "forklift-random-"));
      try {
        await liftThrough(path.join(home, "network"), chosen, { history, isBelowTip });
      } finally {
        await rm(home, { recursive: true });
      }
    }),
    { numRuns, endOnFailure: true },
  );
}

async function liftThrough(
  home: string,
  chosen: SampleOptions,
  { history, isBelowTip }: { readonly history: History; readonly isBelowTip: boolean },
): Promise<void> {
  const { tip: top } = await makeSample(chosen, home);
  // A final may leave pending blocks above its end.
  const tip = isBelowTip ? await parentOf(top, home) : top;
  const forked = path.join(home, "forked.yaml");
  await writeFile(forked, await presetThatEndsWith(tip, home));
  const runner = async (store: string) => {
    const configOf = (more: readonly string[]) =>
      loadConfig({
        file: path.join(home, "forklift.yaml"),
        settings: [
          `postgres.url=${serverUrl()}`,
          "final.minConfirmations=0",
          `history=${history}`,
          `target.store=${path.join(home, store)}`,
          ...more,
        ],
        environment: {},
      });
    const before = await configOf([]);
    const atTheFork = await configOf([`network=${forked}`]);
    return (job: JobName) => {
      const { config } = job === "final" ? atTheFork : before;
      return runJob(config, { job, stop: NO_STOP, isDryRun: false, isReplacing: false }, shell);
    };
  };

  const atOnce = await runner("at-once");
  await atOnce("prime");
  await atOnce("final");

  const inSteps = await runner("in-steps");
  const nights = path.join(home, "nights");
  await rename(path.join(home, "dumps"), nights);
  await mkdir(path.join(home, "dumps"));
  for (const [night, dump] of (await readdir(nights)).sort().entries()) {
    await rename(path.join(nights, dump), path.join(home, "dumps", dump));
    await inSteps(night === 0 ? "prime" : "daily");
  }
  expect(await inSteps("final")).toMatchObject({
    height: Number(tip.height),
    stateHash: tip.stateHash,
    published: true,
  });
  const final = (store: string) =>
    readFile(path.join(home, store, manifestName("sample", tip)), "utf8").then(rowsOf);
  expect(await final("in-steps")).toEqual(await final("at-once"));
}

/** The network's own, once it is known where the fork is. */
async function presetThatEndsWith({ height, stateHash }: BlockRef, home: string): Promise<string> {
  const block = await readBlock({ height, stateHash }, home);
  const slot = block.protocol_state.body.consensus_state.global_slot_since_genesis;
  const preset = await readFile(path.join(home, "network.yaml"), "utf8");
  const last = { height: Number(height), stateHash, globalSlotSinceGenesis: Number(slot) };
  return `${preset.replace(/^lastPreForkBlock:.*$/m, "")}\nlastPreForkBlock: ${JSON.stringify(last)}\n`;
}

async function readBlock({ height, stateHash }: BlockRef, home: string) {
  const file = path.join(home, "blocks", `sample-${height}-${stateHash}.json`);
  return JSON.parse(await readFile(file, "utf8"));
}

async function parentOf(block: BlockRef, home: string): Promise<BlockRef> {
  const { protocol_state: state } = await readBlock(block, home);
  return { height: block.height - 1n, stateHash: parseStateHash(state.previous_state_hash) };
}

const NO_STOP = { forkStateHash: null, stopAtHeight: null };

/** What a manifest says of the rows. */
function rowsOf(manifest: string) {
  const { history, digests, rowCounts, beside } = decodeManifest(manifest, "the set") as Extract<
    Manifest,
    { version: 2 }
  >;
  return { history, digests, rowCounts, beside };
}
