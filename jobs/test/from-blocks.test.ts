// Real mainnet data without an archive: migrated from the bundle of block files alone, replayed and verified, it comes to
// the tables that the dump gives.
// @module-tag only-in-all

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  digestsOf,
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  mainnetUrl,
  openRestoredDump,
  openTestDatabase,
  type TestDatabase,
} from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

const { runJson } = inProcess(forklift);

const LEDGER = ["--genesis-ledger", mainnetUrl(MAINNET.genesisLedger)];
const BLOCKS = ["--blocks", mainnetUrl(MAINNET.blocks)];

describe.skipIf(isMainnetDataMissing())("mainnet from its block files alone", () => {
  test("is replayed and verified, and has the tables that the dump gives", async () => {
    await using source = await openRestoredDump(MAINNET.dumps[3]);
    await using byDump = await openTestDatabase();
    await using byFiles = await openTestDatabase();
    await migrated(byDump, "--source-db", source.url);
    await migrated(byFiles, "--from-blocks");
    expect(await digestsOf(byFiles)).toEqual(await digestsOf(byDump));

    const report = await runJson<Record<string, unknown>>([
      ...["verify", "--target-db", byFiles.url, ...LEDGER, ...BLOCKS],
      ...["--trusted-state-hash", MAINNET.tip],
    ]);
    expect(report).toMatchObject({
      ok: true,
      answer: "yes, except",
      anchor: { stateHash: MAINNET.tip, vouchedBy: "operator" },
      coverage: { unproven: [] },
    });
  });
});

async function migrated(target: TestDatabase, ...origin: readonly string[]): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-from-files-"));
  try {
    await runJson([
      ...["migrate", "--target-db", target.url, "--network", "mainnet", ...LEDGER, ...BLOCKS],
      ...["--fork-state-hash", MAINNET.tip, ...origin],
    ]);
    await runJson(["replay", "--target-db", target.url, ...LEDGER, "--checkpoints", home]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
