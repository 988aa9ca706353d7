// The sample through the whole product: prime on the first night, dailies, the final run, verify.
// @module-tag only-in-all

import { copyFile, mkdir, readdir, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { forkliftJson, openTestDatabase, serverUrl } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSample, type SampleFolder, SMALL } from "./sample-folder.ts";

interface Outcome {
  readonly published: boolean;
  readonly height: number;
  readonly stages: readonly { readonly stage: string; readonly checks: readonly object[] }[];
}

let sample: SampleFolder;
let waiting: string;

beforeAll(async () => {
  sample = await openSample();
  waiting = path.join(sample.folder, "waiting");
  await rename(path.join(sample.folder, "dumps"), waiting);
  await mkdir(path.join(sample.folder, "dumps"));
});

afterAll(async () => {
  await sample[Symbol.asyncDispose]();
});

const job = async (...args: string[]) =>
  await forkliftJson<Outcome>([...args, "--config", path.join(sample.folder, "forklift.yaml")], {
    cwd: sample.folder,
    env: { FORKLIFT_POSTGRES_URL: serverUrl() },
  });

/** The dump of a night arrives. */
const receive = async (name: string) => {
  await copyFile(path.join(waiting, name), path.join(sample.folder, "dumps", name));
};

test("prime, two dailies and final migrate, prove and publish it", async () => {
  const heights: number[] = [];
  for (const [night, dump] of sample.summary.dumps.entries()) {
    await receive(dump);
    const outcome = await job(night === 0 ? "prime" : "daily");
    expect(outcome.published).toBe(true);
    heights.push(outcome.height);
    const verified = outcome.stages.find(({ stage }) => stage === "verify-target")!;
    expect(verified.checks.length).toBeGreaterThan(20);
  }
  // 59 blocks above genesis on three days: tips 20, 40 and 60, less the pending ones.
  expect(heights).toStrictEqual([15, 35, 55]);
  const { stateHash } = sample.summary.tip;
  const outcome = await job("final", "--fork-state-hash", stateHash, "--min-confirmations", "0");
  expect(outcome).toMatchObject({ published: true, height: SMALL.blocks, stateHash });
});

test("the set of the final run holds the ledger that the sample ended with", async () => {
  const store = path.join(sample.folder, "store");
  const name = (await readdir(store)).find((file) => file.startsWith("sample-set-60-"))!;
  const manifest = JSON.parse(await readFile(path.join(store, name), "utf8")) as object;
  expect(manifest).toMatchObject({
    final: true,
    preForkLedgerHash: sample.summary.ledgerHash,
    rowCounts: {
      blocks: SMALL.blocks,
      account_identifiers: sample.summary.accountCount,
      accounts_created: sample.summary.accountCount - SMALL.accounts - 1,
    },
  });
});

test("at once, from the last night alone, it is migrated, replayed and verified", async () => {
  await using source = await openTestDatabase();
  await using target = await openTestDatabase();
  const url = (name: string) => pathToFileURL(path.join(sample.folder, name)).href;
  const dump = url(`waiting/${sample.summary.dumps.at(-1)}`);
  await forkliftJson(["restore", "--dump", dump, "--db", source.url]);
  const network = ["--network", path.join(sample.folder, "network.yaml")];
  const shared = [
    ...["--genesis-ledger", url("genesis-ledger.json")],
    ...["--target-db", target.url],
    ...network,
  ];
  const read = ["--source-db", source.url, "--blocks", url("blocks/")];
  const stop = ["--fork-state-hash", sample.summary.tip.stateHash];
  await forkliftJson(["migrate", ...shared, ...read, ...stop]);
  await forkliftJson(["replay", ...shared, "--checkpoints", url("checkpoints/")]);
  const report = await forkliftJson<{ readonly ok: boolean }>(["verify", ...shared, ...read]);
  expect(report.ok).toBe(true);
});
