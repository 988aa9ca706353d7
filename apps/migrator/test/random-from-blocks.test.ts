// Any sample network comes to the same rows from its block files alone as by way of its archive: with every stop
// point, in one night or in two, with orphans or without. FORKLIFT_RANDOM_NETWORKS=200 for many; a failure prints its seed.
// @module-tag only-in-all

import path from "node:path";
import type { SampleOptions } from "@forklift/sample";
import {
  digestsOf,
  inProcess,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  sampleNetwork,
  type TestDatabase,
} from "@forklift/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { migrator } from "../src/commands/index.ts";

const NETWORKS = Number(process.env["FORKLIFT_RANDOM_NETWORKS"] ?? 3);

/** A network takes some seconds; the limit ends a hang. */
const TIMEOUT_MS = 120_000 * NETWORKS;

const { runJson } = inProcess(migrator);

const networks: fc.Arbitrary<SampleOptions> = fc.record({
  seed: fc.nat(),
  blocks: fc.integer({ min: 20, max: 90 }),
  days: fc.constant(1),
  finality: fc.integer({ min: 3, max: 9 }),
  accounts: fc.integer({ min: 30, max: 60 }),
  commandsPerBlock: fc.integer({ min: 0, max: 8 }),
});

interface Drawn {
  readonly history: "canonical" | "complete";
  /** Of the canonical chain, where a run ends and where the night before did. */
  readonly end: number;
  readonly before: number;
}

const shares = fc.double({ min: 0.1, max: 1, noNaN: true });
const drawn: fc.Arbitrary<Drawn> = fc.record({
  history: fc.constantFrom("canonical", "complete"),
  end: shares,
  before: shares,
});

test("a network from its files has the rows of its archive", { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(fc.asyncProperty(networks, drawn, expectSameRows), {
    numRuns: NETWORKS,
    endOnFailure: true,
  });
});

async function expectSameRows(options: SampleOptions, asked: Drawn): Promise<void> {
  const { folder } = await sampleNetwork(options);
  await using source = await openSampleSource(options);
  await using byArchive = await openTestDatabase();
  await using byFiles = await openTestDatabase();
  const chain = await canonicalHashes(source);
  const end = Math.ceil(asked.end * chain.length);
  const common = (target: TestDatabase, height: number) => [
    ...["migrate", "--target-db", target.url, "--network", path.join(folder, "network.yaml")],
    ...["--genesis-ledger", path.join(folder, "genesis-ledger.json")],
    ...["--blocks", path.join(folder, "blocks"), "--history", asked.history],
    ...["--fork-state-hash", chain[height - 1]!],
  ];
  await runJson([...common(byArchive, end), "--source-db", source.url]);
  await runJson([...common(byFiles, Math.ceil(asked.before * end)), "--from-blocks"]);
  await runJson([...common(byFiles, end), "--from-blocks"]);
  expect(await digestsOf(byFiles)).toEqual(await digestsOf(byArchive));
}

async function canonicalHashes(source: TestDatabase): Promise<string[]> {
  await using session = await openTestSession(source);
  const rows = await session.query<{ state_hash: string }>(
    "select state_hash from blocks where chain_status = 'canonical' order by height",
  );
  return rows.map(({ state_hash }) => state_hash);
}
