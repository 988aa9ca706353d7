// A target in the official form is verified as such.
// @module-tag only-in-all

import { writeFile } from "node:fs/promises";
import path from "node:path";
import {
  changedCopy,
  inProcess,
  isMainnetDataMissing,
  LEDGER,
  OFFICIAL_GENESIS,
  openSmallArchive,
  openTestDatabase,
  type SmallArchive,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { ReportDocument } from "../src/stages/verification-report.ts";

const { runJson, expectRefusal } = inProcess(forklift);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  let archive: SmallArchive;
  let genesis: string;
  let official: TestDatabase;

  const inputs = (target: TestDatabase) => [
    ...["--source-db", archive.source.url, "--target-db", target.url],
    ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER],
  ];
  const verification = (target: TestDatabase, ...more: string[]) => [
    "verify",
    ...inputs(target),
    ...more,
  ];
  const inOfficialForm = () => ["--official-vrf-output", "--official-genesis", genesis];

  beforeAll(async () => {
    archive = await openSmallArchive({ canonicalHeight: 30, filesHeight: 40 });
    genesis = path.join(archive.home, "genesis.json");
    await writeFile(genesis, JSON.stringify(OFFICIAL_GENESIS));
    official = await openTestDatabase();
    await runJson([
      ...["migrate", ...inputs(official), "--network", "mainnet", ...inOfficialForm()],
    ]);
    await runJson([
      ...["replay", "--target-db", official.url, "--genesis-ledger", LEDGER],
      ...["--checkpoints", path.join(archive.home, "checkpoints")],
    ]);
  });

  afterAll(async () => {
    await official?.[Symbol.asyncDispose]();
    await archive?.[Symbol.asyncDispose]();
  });

  test("it is accepted and named in an archive that is none of ours", async () => {
    await using foreign = await changedCopy(official, "drop schema forklift cascade");
    const report = await runJson<ReportDocument>(verification(foreign));
    expect(report.archive?.accepted.map(({ id }) => id)).toEqual([
      "official-vrf-output",
      "official-genesis",
    ]);
    const claims = report.notProven.map(({ claim }) => claim);
    expect(claims).toContainEqual(expect.stringContaining("the VRF output of the genesis row"));
    // What the network determines is compared.
    await using other = await changedCopy(
      foreign,
      `update epoch_data set total_currency = '1'
       where id = (select staking_epoch_data_id from blocks where height = 1)`,
    );
    await expectRefusal(verification(other), {
      exit: 20,
      says: [/precomputed-equal: blocks .*1\b/],
      next: "do not publish",
    });
  });

  test("it verifies when it is asked for, and only then", async () => {
    const report = await runJson<{ ok: boolean }>(verification(official, ...inOfficialForm()));
    expect(report.ok).toBe(true);
    await expectRefusal(verification(official), {
      exit: 20,
      says: ["precomputed-equal"],
      next: "do not publish",
    });
    await expectRefusal(verification(official, "--official-vrf-output"), {
      exit: 20,
      says: [/precomputed-equal: blocks .*1\b/],
      next: "do not publish",
    });
  });
});
