// The dump of a real mainnet node, the only archive here that somebody else made: by hand from restore
// to verify, as jobs, and in the form of the release before.
// @module-tag only-in-all

import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { StageReport } from "@forklift/pipeline";
import { decodeManifest } from "@forklift/sets";
import {
  contentsOf,
  inProcess,
  isRealArchiveMissing,
  MAINNET,
  mainnetDump,
  mainnetUrl,
  openTestDatabase,
  openTestSession,
  REAL_ARCHIVE,
  type Refusal,
  serverUrl,
  sharedPath,
  standIn,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { JobOutcome } from "../src/run/run-job.ts";

const { runJson, expectRefusal } = inProcess(forklift);

/** The night of the node's dump. */
const DUMP_NAME = mainnetDump("2021-03-18_0000");

const BLOCKS = ["--blocks", mainnetUrl(MAINNET.blocks)];
const GENESIS = ["--network", "mainnet", "--genesis-ledger", mainnetUrl(MAINNET.genesisLedger)];
const STOP = ["--fork-state-hash", REAL_ARCHIVE.tip];

interface Verification {
  readonly ok: boolean;
  readonly anchor: object;
  readonly coverage: { readonly columns: number; readonly proven: number };
  readonly checks: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly compared: number;
  }[];
  readonly digests: Readonly<Record<string, string>>;
}

/** The hashes of a chain in the order of its heights, of `block` or `user` or `internal` commands. */
const CHAIN_HASHES = `
  with recursive chain as (
    select id, parent_id, height, state_hash from blocks where state_hash = $1
    union all
    select b.id, b.parent_id, b.height, b.state_hash from blocks b join chain c on b.id = c.parent_id
  )
  select height::text, 'block' as kind, 0 as sequence_no, 0 as secondary, state_hash as hash from chain
  union all
  select height::text, 'user', sequence_no, 0, hash from chain
    join blocks_user_commands bc on bc.block_id = chain.id
    join user_commands c on c.id = bc.user_command_id
  union all
  select height::text, 'internal', sequence_no, secondary_sequence_no, hash from chain
    join blocks_internal_commands bc on bc.block_id = chain.id
    join internal_commands c on c.id = bc.internal_command_id
  order by height, kind, sequence_no, secondary, hash`;

async function chainHashes(database: TestDatabase) {
  await using session = await openTestSession(database);
  return await session.query<{ height: string; kind: string; hash: string }>(CHAIN_HASHES, [
    REAL_ARCHIVE.tip,
  ]);
}

describe.skipIf(isRealArchiveMissing())("the archive of a real node", () => {
  let source: TestDatabase;
  let target: TestDatabase;
  let home: string;
  let digests: Verification["digests"];

  beforeAll(async () => {
    home = await openHome(REAL_ARCHIVE.release2);
    source = await openTestDatabase();
    target = await openTestDatabase();
    const dump = mainnetUrl(REAL_ARCHIVE.release2);
    await runJson(["restore", "--dump", dump, "--db", source.url]);
  });

  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  standIn(() => home);

  const sourceAndTarget = () => ["--source-db", source.url, "--target-db", target.url];
  const migrate = (...args: string[]) => [
    ...["migrate", ...GENESIS, ...sourceAndTarget(), ...BLOCKS],
    ...args,
  ];

  test("is whole up to its canonical tip, and up to the block that is named", async () => {
    for (const [stop, height] of [
      [[], REAL_ARCHIVE.canonicalHeight],
      [STOP, REAL_ARCHIVE.tipHeight],
    ] as const) {
      const audit = ["audit", "--network", "mainnet", "--source-db", source.url, ...stop];
      const answer = await runJson(audit);
      expect(answer).toMatchObject({ ok: true, tip: { height }, findings: [], filesToFetch: [] });
    }
  });

  test("is whole, too, when an orphan has lost its coinbase, for orphans stay behind", async () => {
    await using torn = await openTestDatabase(source);
    await using session = await openTestSession(torn);
    const lost = await session.query(
      `delete from blocks_internal_commands bc using blocks b, internal_commands c
       where b.id = bc.block_id and c.id = bc.internal_command_id and c.type = 'coinbase'
         and b.id = (select min(id) from blocks where chain_status = 'orphaned')
       returning bc.block_id`,
    );
    expect(lost).toHaveLength(1);
    const audit = ["audit", "--network", "mainnet", "--source-db", torn.url];
    expect(await runJson(audit)).toMatchObject({ ok: true, stoppingCount: 0 });
  });

  test("is planned with all its blocks found, and nothing is written", async () => {
    const { plan } = await runJson<{ plan: object }>(migrate("--plan", ...STOP));
    expect(plan).toMatchObject({
      range: { from: 1, to: REAL_ARCHIVE.tipHeight, blocks: REAL_ARCHIVE.tipHeight },
      pendingBlocks: REAL_ARCHIVE.tipHeight - REAL_ARCHIVE.canonicalHeight,
      precomputed: { neededCount: 587, places: [{ foundCount: 587 }] },
    });
    expect(await contentsOf(target)).toEqual({});
  });

  test("ends in three blocks of one height, of which one must be named", async () => {
    await expectRefusal(migrate("--stop-at-height", `${REAL_ARCHIVE.tipHeight}`), {
      exit: 65,
      says: ["two chains of height 588", REAL_ARCHIVE.tip, "3NLGSAYLdxQU", "3NLr9ajAguT4"],
      next: "--fork-state-hash",
    });
    expect(await contentsOf(target)).toEqual({});
  });

  test("is migrated and replayed with every ledger hash and every recorded balance", async () => {
    await runJson(migrate(...STOP));
    const checkpoints = ["--checkpoints", pathToFileURL(`${home}/checkpoints/`).href];
    const { stages } = await runJson<{ stages: readonly StageReport[] }>([
      ...["replay", ...sourceAndTarget(), ...GENESIS, ...checkpoints],
    ]);
    expect(stages[0]?.details).toMatchObject({
      ledgerHashesCompared: REAL_ARCHIVE.tipHeight - 1,
      ledgerHashExceptionsUsed: 0,
      balancesCompared: REAL_ARCHIVE.balances,
      // The node's schema had no column for them.
      noncesCompared: 0,
      swappedBalances: 0,
      wrongNonces: 0,
    });
  });

  test("is verified, every column of it", async () => {
    const trusted = ["--trusted-state-hash", REAL_ARCHIVE.tip];
    const report = await runJson<Verification>([
      ...["verify", ...GENESIS, ...sourceAndTarget(), ...BLOCKS, ...trusted],
    ]);
    expect(report).toMatchObject({
      ok: true,
      anchor: { stateHash: REAL_ARCHIVE.tip, height: REAL_ARCHIVE.tipHeight },
      coverage: { columns: 111, proven: 111 },
    });
    const compared = new Map(report.checks.map((check) => [check.id, check.compared]));
    expect(compared.get("ledger-hash-at-every-block")).toBe(REAL_ARCHIVE.tipHeight);
    expect(compared.get("user-commands-equal")).toBe(REAL_ARCHIVE.userCommands);
    expect(compared.get("internal-commands-equal")).toBe(REAL_ARCHIVE.internalCommands);
    digests = report.digests;
  });

  test("and its target have the same hashes of blocks and commands at every height", async () => {
    const [theirs, ours] = [await chainHashes(source), await chainHashes(target)];
    expect(ours).toEqual(theirs);
    const count = (wanted: string) => theirs.filter(({ kind }) => kind === wanted).length;
    expect(count("block")).toBe(REAL_ARCHIVE.tipHeight);
    expect(count("user")).toBe(REAL_ARCHIVE.userCommands);
    expect(count("internal")).toBe(REAL_ARCHIVE.internalCommands);
  });

  describe("as jobs", () => {
    const job = async (...args: string[]) =>
      await runJson<JobOutcome>([...args, "--config", "forklift.yaml"]);

    test("is published by prime up to its canonical tip", async () => {
      expect(await job("prime")).toMatchObject({
        published: true,
        height: REAL_ARCHIVE.canonicalHeight,
      });
    });

    test("is published by final up to the named block, with the rows of a migration at once", async () => {
      const outcome = await job("final", ...STOP, "--min-confirmations", "0");
      expect(outcome).toMatchObject({ published: true, height: REAL_ARCHIVE.tipHeight });
      const name = outcome.set!;
      const set = decodeManifest(await readFile(path.join(home, "store", name), "utf8"), name);
      expect(set).toMatchObject({ final: true, stateHash: REAL_ARCHIVE.tip });
      expect(set.digests).toEqual(digests);
    });
  });
});

describe.skipIf(isRealArchiveMissing())("the archive of release 1.0", () => {
  const refusal: Refusal = {
    exit: 78,
    says: [
      "archive of schema release 1.0: against release 2.0 it lacks",
      ...["balances.block_id", "balances.block_height", "balances.block_sequence_no"],
      ...["balances.block_secondary_sequence_no", "balances.nonce", "blocks.chain_status"],
      "blocks_internal_commands.receiver_account_creation_fee_paid",
      "type chain_status_type",
    ],
    next: /upstream's upgrade scripts .*add_chain_status\.sh/,
  };

  test("is restored, and called what it is by audit, plan and migration", async () => {
    await using source = await openTestDatabase();
    await using target = await openTestDatabase();
    const dump = mainnetUrl(REAL_ARCHIVE.release1);
    await runJson(["restore", "--dump", dump, "--db", source.url]);
    const databases = ["--source-db", source.url, "--target-db", target.url];
    const audit = ["audit", "--network", "mainnet", "--source-db", source.url];
    const migrate = ["migrate", ...GENESIS, ...databases, ...BLOCKS];
    for (const args of [audit, [...migrate, "--plan"], migrate]) {
      const { message } = await expectRefusal(args, refusal);
      expect(message).not.toContain("half-made");
    }
    expect(await contentsOf(target)).toEqual({});
  });

  test("is called what it is by a job on its dump", async () => {
    const home = await openHome(REAL_ARCHIVE.release1);
    await expectRefusal(["prime", "--config", path.join(home, "forklift.yaml")], refusal);
    await rm(home, { recursive: true });
  });
});

/** A folder with a configuration, and the dump under the name of a nightly one. */
async function openHome(dump: string): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-real-archive-"));
  await mkdir(path.join(home, "dumps"));
  await copyFile(sharedPath(`data/mainnet/${dump}`), path.join(home, "dumps", DUMP_NAME));
  await writeFile(
    path.join(home, "forklift.yaml"),
    [
      "network: mainnet",
      `genesisLedger: ${mainnetUrl(MAINNET.genesisLedger)}`,
      "source: { dumps: ./dumps/ }",
      "target: { store: ./store/ }",
      `blocks: [${mainnetUrl(MAINNET.blocks)}]`,
      `postgres: { url: "${serverUrl()}" }`,
    ].join("\n"),
  );
  return home;
}
