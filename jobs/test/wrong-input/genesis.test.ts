// Genesis ledgers of the sample network in the forms that people give, and presets that are derived.
// @module-tag only-in-all

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { SAMPLE_DEFAULTS, type SampleOptions } from "@forklift/sample";
import {
  inProcess,
  isMainnetDataMissing,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  sampleNetwork,
  sharedPath,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../../src/commands/index.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

const SIZES: SampleOptions = { ...SAMPLE_DEFAULTS, blocks: 60, finality: 5, accounts: 40 };

const winnerOf = async (sample: string) =>
  /publicKey: (B62\w+)/.exec(await readFile(path.join(sample, "network.yaml"), "utf8"))![1]!;

describe("the sample's ledger", () => {
  const load = async (file: string) => {
    const { folder } = await sampleNetwork(SIZES);
    const network = await loadNetwork(path.join(folder, "network.yaml"));
    return await loadGenesisLedger(network, file);
  };
  const ledgerText = async () => {
    const { folder } = await sampleNetwork(SIZES);
    return await readFile(path.join(folder, "genesis-ledger.json"), "utf8");
  };

  test("is read behind a byte order mark", async ({ newFolder }) => {
    const file = path.join(await newFolder(), "bom.json");
    await writeFile(file, `\uFEFF${await ledgerText()}`);
    expect((await load(file)).accounts).toHaveLength(41);
  });

  test("is told from itself without the genesis winner", async ({ newFolder }) => {
    const file = path.join(await newFolder(), "nowinner.json");
    const { ledger } = JSON.parse(await ledgerText()) as { ledger: object };
    await writeFile(file, JSON.stringify({ ledger: { ...ledger, add_genesis_winner: false } }));
    const { folder } = await sampleNetwork(SIZES);
    const winner = await winnerOf(folder);
    await expect(load(file)).rejects.toMatchObject({
      message: expect.stringContaining(
        `it is that ledger without the genesis winner ${winner}`,
      ) as string,
      hint: expect.any(String) as string,
    });
  });

  test.skipIf(isMainnetDataMissing()).for([
    ["bare-accounts.json", "it is a bare list of accounts"],
    ["hash-only.json", "a configuration that names its ledger by hash alone, jx3YnXK7"],
    ["named.json", "a configuration that names its ledger mainnet and lists no account"],
  ])("is told from %s", async ([name, says]) => {
    const file = sharedPath(`cases/ledgers/${name!}`);
    await expect(load(file)).rejects.toThrow(says!);
    await expect(load(file)).rejects.toHaveProperty("hint", expect.any(String));
  });
});

describe("a preset that forklift network derive makes of the sample", () => {
  /** Another than the sample's, whose state holds values that were drawn. */
  const derived = async (folder: string) => {
    const { folder: sample } = await sampleNetwork(SIZES);
    const ledger = path.join(sample, "genesis-ledger.json");
    const winner = await winnerOf(sample);
    const file = path.join(folder, "derived.yaml");
    const args = ["--name", "sample", "--genesis-ledger", ledger, "--winner", winner, "--k", "5"];
    const made = await runJson<{ readonly stateHash: string }>([
      ...["network", "derive", ...args, "--out", file],
    ]);
    const common = ["--network", file, "--genesis-ledger", ledger, "--blocks", `${sample}/blocks`];
    return { file, sample, common, ...made };
  };

  test("says so, and is refused by the first source that it meets", async ({ newFolder }) => {
    const folder = await newFolder();
    const { file, sample, common, stateHash } = await derived(folder);
    await using source = await openSampleSource(SIZES);
    await using target = await openTestDatabase();
    const args = ["--source-db", source.url, "--target-db", target.url, ...common];
    await expectRefusal(["migrate", ...args, "--plan"], {
      exit: 78,
      says: ["begins with genesis block 3N", `begins with ${stateHash}`],
      next: "the preset's genesis, which is derived, is wrong",
    });
    const config = path.join(folder, "forklift.yaml");
    const text = await readFile(path.join(sample, "forklift.yaml"), "utf8");
    await writeFile(
      config,
      text.replaceAll("./", `${sample}/`).replace(/network: .*/, `network: ${file}`),
    );
    const { stdout } = await run(["config", "--config", config, "--explain"]);
    expect(stdout).toContain(`note: the genesis state hash of sample, ${stateHash}, is derived`);
  });

  test("is refused by the first block where the source agrees with it", async ({ newFolder }) => {
    const { file, common, stateHash } = await derived(await newFolder());
    await using source = await openSampleSource(SIZES);
    await using session = await openTestSession(source);
    const [, before] = /previous_state_hash: (3N\w+)/.exec(await readFile(file, "utf8"))!;
    const genesis = "update blocks set state_hash = $1, parent_hash = $2 where height = 1";
    await session.query(genesis, [stateHash, before]);
    await session.query("update blocks set parent_hash = $1 where height = 2", [stateHash]);
    await using target = await openTestDatabase();
    const args = ["migrate", "--source-db", source.url, "--target-db", target.url, ...common];
    const { plan } = await runJson<{ readonly plan: { readonly warnings: readonly string[] } }>([
      ...args,
      "--plan",
    ]);
    expect(plan.warnings[0]).toMatch(/is derived .* begins with that block, which confirms it$/);
    await expectRefusal(args, {
      exit: 65,
      says: [/at height 2 is of a chain that began with 3N\w+, but sample begins with 3N/],
      next: "forklift network derive",
    });
  });

  test("is not written over a file that is there", async ({ newFolder }) => {
    const { file, sample } = await derived(await newFolder());
    const args = ["--name", "sample", "--genesis-ledger", `${sample}/genesis-ledger.json`];
    await expectRefusal(["network", "derive", ...args, "--out", file], {
      exit: 78,
      says: [file],
      next: "",
    });
  });
});
