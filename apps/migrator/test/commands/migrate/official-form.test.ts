// The official form of what we write otherwise: it is written as such, and never mixed.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { hashText } from "@forklift/chain";
import {
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  mainnetUrl,
  OFFICIAL_GENESIS,
  openSmallArchive,
  openTestDatabase,
  openTestSession,
  type SmallArchive,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { runJson, expectRefusal } = inProcess(migrator);

const LEDGER = mainnetUrl(MAINNET.genesisLedger);
const DOCS = path.join(import.meta.dirname, "../../../../../docs/differences-from-official.md");
const ZERO_STATE = OFFICIAL_GENESIS.stakingEpochData.startCheckpoint;

const OTHER_STATE = hashText("stateHash", 5n);
const OTHER_VRF_OUTPUT = `${Buffer.alloc(32, 8).toString("base64url")}=`;

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  let home: string;
  let archive: SmallArchive;
  let genesis: string;
  let official: TestDatabase;

  const migration = (target: TestDatabase, ...more: string[]) => [
    ...["migrate", "--source-db", archive.source.url, "--target-db", target.url],
    ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER, "--network", "mainnet", ...more],
  ];
  const inOfficialForm = () => ["--official-vrf-output", "--official-genesis", genesis];

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-official-"));
    archive = await openSmallArchive({ canonicalHeight: 30, filesHeight: 40 });
    genesis = path.join(home, "genesis.json");
    await writeFile(genesis, JSON.stringify(OFFICIAL_GENESIS));
    official = await openTestDatabase();
    await runJson(migration(official, ...inOfficialForm()));
  });

  afterAll(async () => {
    await official[Symbol.asyncDispose]();
    await archive[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  test("the columns hold what the official tool would have written", async () => {
    await using session = await openTestSession(official);
    const rows = await session.query<Record<string, string>>(
      `select b.last_vrf_output, snarked.value as snarked, next.seed as next_seed, b.ledger_hash
       from blocks b
       join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
       join epoch_data next on next.id = b.next_epoch_data_id
       where b.height <= 2 order by b.height`,
    );
    expect(rows[0]).toEqual({
      last_vrf_output: OFFICIAL_GENESIS.lastVrfOutput,
      snarked: OFFICIAL_GENESIS.snarkedLedgerHash,
      next_seed: OFFICIAL_GENESIS.nextEpochData.seed,
      ledger_hash: "jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee",
    });
    expect(rows[1]).toMatchObject({
      last_vrf_output: "a3hFMnlxTmNyQWJpWnpOcjZCN1BoUXR3eGY4c1pwNWR3R2YwZlNkSHZ3QT0=",
      snarked: "jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee",
    });
  });

  test("the query of the docs takes the file from an official archive", async () => {
    const page = await readFile(DOCS, "utf8");
    const [, query = ""] = /^```sql\n(.*?)^```$/ms.exec(page) ?? [];
    await using session = await openTestSession(official);
    const [row] = await session.query<{ genesis: object }>(query);
    expect(row?.genesis).toEqual(OFFICIAL_GENESIS);
  });

  test("a run continues in the form that the target was begun in, and in no other", {
    tags: ["only-in-all"],
  }, async () => {
    await using target = await openTestDatabase(official);
    const further = ["--stop-at-height", "40"];
    await expectRefusal(migration(target, ...further), {
      exit: 78,
      says: ["has last_vrf_output in the official form, this run is to write our own form"],
      next: "run with --official-vrf-output",
    });
    await expectRefusal(migration(target, ...further, "--official-vrf-output"), {
      exit: 78,
      says: ["has its genesis row in the official form, this run is to write our own form"],
      next: "run with --official-genesis",
    });
    await runJson(migration(target, ...further, ...inOfficialForm()));
  });

  test.each<[string, object, string | RegExp]>([
    [
      "VRF output",
      { lastVrfOutput: OTHER_VRF_OUTPUT },
      `lastVrfOutput is ${OFFICIAL_GENESIS.lastVrfOutput}, expected ${OTHER_VRF_OUTPUT}`,
    ],
    [
      "seed of the next epoch",
      { nextEpochData: { ...OFFICIAL_GENESIS.nextEpochData, seed: hashText("epochSeed", 4n) } },
      /nextEpochData\.seed is 2v\w+, expected 2v/,
    ],
    [
      "lock checkpoint of the staking epoch",
      { stakingEpochData: { ...OFFICIAL_GENESIS.stakingEpochData, lockCheckpoint: OTHER_STATE } },
      `stakingEpochData.lockCheckpoint is ${ZERO_STATE}, expected ${OTHER_STATE}`,
    ],
  ])(
    "a run with another %s of genesis than the target's is refused",
    { tags: ["only-in-all"] },
    async (_what, change, says) => {
      const file = path.join(home, "other.json");
      await writeFile(file, JSON.stringify({ ...OFFICIAL_GENESIS, ...change }));
      await using target = await openTestDatabase(official);
      const args = migration(target, "--official-vrf-output", "--official-genesis", file);
      await expectRefusal(args, {
        exit: 78,
        says: ["the genesis row of the target", "is not the given official one: ", says],
        next: "give the genesis values that this target was begun with",
      });
    },
  );

  test("an official genesis with our own snarked ledger hash is told from ours", {
    tags: ["only-in-all"],
  }, async () => {
    const ledgerHash = "jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee";
    const alike = {
      ...OFFICIAL_GENESIS,
      snarkedLedgerHash: ledgerHash,
      stakingEpochData: { ...OFFICIAL_GENESIS.stakingEpochData, ledgerHash },
      nextEpochData: { ...OFFICIAL_GENESIS.nextEpochData, ledgerHash },
    };
    const file = path.join(home, "alike.json");
    await writeFile(file, JSON.stringify(alike));
    await using target = await openTestDatabase();
    const asked = migration(target, "--official-genesis", file);
    await runJson(asked);
    await runJson(asked);
    await expectRefusal(migration(target), {
      exit: 78,
      says: [
        "has its genesis row in the official form, this run is to write our own form: ",
        `lastVrfOutput is ${OFFICIAL_GENESIS.lastVrfOutput}, expected NfThG1r1Gx`,
      ],
      next: "run with --official-genesis",
    });
    await using own = await openTestDatabase();
    await runJson(migration(own));
    await expectRefusal(migration(own, "--official-genesis", file), {
      exit: 78,
      says: [
        "has its genesis row in our own form, this run is to write the official form: ",
        `lastVrfOutput is NfThG1r1Gx`,
      ],
      next: "run without --official-genesis",
    });
  });

  test.each<[string, object, RegExp]>([
    ["of another network", { stateHash: ZERO_STATE }, /stateHash is 3NK2tk.*, expected 3NKeMonc/],
    ["whose ledgers differ", { snarkedLedgerHash: hashText("ledgerHash", 36n) }, /ledgerHash is j/],
    [
      "with another currency",
      { stakingEpochData: { ...OFFICIAL_GENESIS.stakingEpochData, totalCurrency: "1" } },
      /totalCurrency is 1, expected 805385692840039233/,
    ],
    ["with an unknown key", { lastVRF: "" }, /lastVRF/],
    ["that lacks a value", { lastVrfOutput: undefined }, /lastVrfOutput/],
  ])("a genesis file %s is refused", { tags: ["only-in-all"] }, async (_what, change, says) => {
    const file = path.join(home, "wrong.json");
    await writeFile(file, JSON.stringify({ ...OFFICIAL_GENESIS, ...change }));
    await using target = await openTestDatabase();
    await expectRefusal(migration(target, "--official-genesis", file), {
      exit: 78,
      says: ["official genesis", says],
      next: "docs/differences-from-official.md",
    });
  });
});
