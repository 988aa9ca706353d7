// Jobs and their store: one run at a time, nothing published without the lease, damage found and
// fixed, and at the end a hand-over. On a sample network, whose sets lie beside the dumps that they
// come from.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { TryAgainError, UsageError } from "@forklift/pipeline";
import { makeSample } from "@forklift/sample";
import type { JobName } from "@forklift/sets";
import { fileOf, leaseName, publishedSets, readLatest } from "@forklift/sets";
import { openStore, type Store } from "@forklift/storage";
import {
  inProcess,
  namesIn,
  openTestDatabase,
  openTestSession,
  serverUrl,
} from "@forklift/testkit";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Config } from "../../src/config/schema.ts";
import { runJob } from "../../src/run/run-job.ts";
import type { HandOver } from "../../src/stages/hand-over.ts";

const { runJson } = inProcess(forklift);

const NETWORK = "sample";
const BLOCKS = 40;

let home: string;
let config: Config;
let store: Store;
let tip: string;
/** Dumps that are still to come. */
let nights: string[];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-jobs-"));
  const network = path.join(home, "network");
  const sample = { seed: 7, blocks: BLOCKS, days: 3, finality: 5, accounts: 30 };
  const made = await makeSample({ ...sample, commandsPerBlock: 2 }, network);
  tip = made.tip.stateHash;
  const dumps = path.join(network, "dumps");
  await rename(dumps, path.join(home, "nights"));
  await mkdir(dumps);
  nights = (await readdir(path.join(home, "nights"))).sort();
  ({ config } = await loadConfig({
    file: path.join(network, "forklift.yaml"),
    settings: [`postgres.url=${serverUrl()}`, `target.store=${dumps}/`],
    environment: {},
  }));
  store = openStore(config.target.store);
});

afterAll(() => rm(home, { recursive: true }));

/** The next dump arrives. */
async function fallNight(): Promise<void> {
  const dump = nights.shift()!;
  await rename(path.join(home, "nights", dump), path.join(home, "network/dumps", dump));
}

interface Told {
  readonly level: string;
  readonly msg: string;
}

interface Run {
  readonly date?: string;
  readonly stopAtHeight?: bigint;
  /** Called once, when the stage begins. */
  readonly at?: { readonly stage: string; readonly work: () => void };
  readonly signal?: AbortSignal;
  /** A database that stays. */
  readonly target?: string;
}

async function run(
  job: JobName,
  {
    date = "2021-06-01T00:00:00Z",
    stopAtHeight,
    at,
    signal = new AbortController().signal,
    target,
  }: Run = {},
) {
  const told: Told[] = [];
  const line = at === undefined ? null : new RegExp(`^\\d+/\\d+ ${at.stage}$`);
  const write = (text: string) => {
    const event = JSON.parse(text) as Told;
    told.push(event);
    if (line?.test(event.msg) === true) at!.work();
  };
  const outcome = runJob(
    { ...config, target: { ...config.target, database: target } },
    {
      job,
      stop: { forkStateHash: null, stopAtHeight: stopAtHeight ?? null },
      isDryRun: false,
      isReplacing: false,
    },
    {
      log: pino({}, { write }),
      signal,
      now: () => performance.now(),
      date: () => new Date(date),
      progressLine: null,
    },
  );
  const warnings = () => told.filter(({ level }) => `${level}` === "40").map(({ msg }) => msg);
  return { ...(await outcome), warnings: warnings() };
}

const newest = async () => await publishedSets(store, NETWORK, () => undefined).newest();

async function* one(text: string | Buffer): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

test("of two runs on one store, each on its own databases, the second is refused", async () => {
  await fallNight();
  let second: Promise<unknown> | undefined;
  const begin = () => {
    second = run("prime").then(
      () => null,
      (error: unknown) => error,
    );
  };
  // The store holds a dump of the source and no set: not to be taken for one.
  const first = await run("prime", { at: { stage: "restore-source", work: begin } });
  expect(first).toMatchObject({ published: true });
  const refusal = await second;
  expect(refusal).toBeInstanceOf(TryAgainError);
  expect(`${refusal}`).toMatch(
    /is leased by prime on \S+ \(process \d+\), .* until 2021-06-01T00:10/,
  );
  expect(await store.read(leaseName(NETWORK))).toBeNull();
  expect((await readLatest(store, NETWORK))?.set).toBe(first.set);
});

test("a target that is written to after its verification is not published", async () => {
  await fallNight();
  const before = await newest();
  await using target = await openTestDatabase();
  // In a process of its own: the run must not go on meanwhile.
  const write = () => {
    execFileSync(process.execPath, ["--input-type=module", "-e", WRITE_MEMO], {
      cwd: import.meta.dirname,
      env: { ...process.env, TARGET: target.url },
    });
  };
  const written = run("daily", { target: target.url, at: { stage: "publish-set", work: write } });
  await expect(written).rejects.toMatchObject({
    exit: "verificationFailed",
    message: expect.stringContaining("was written to after it was verified: user_commands"),
  });
  expect(await newest()).toEqual(before);
});

const WRITE_MEMO = `
  import { connect } from "@forklift/postgres";
  const session = await connect(process.env.TARGET, { applicationName: "somebody" });
  await session.query("update user_commands set memo = 'x' where id = 1");
  await session.close();
`;

test("a run that loses its lease publishes nothing; the time of the other run must pass", async () => {
  const before = await newest();
  const objects = await namesIn(store);
  const lease = {
    ...{ version: 1, id: "00000000-0000-4000-8000-000000000000", work: "daily", host: "elsewhere" },
    ...{ pid: 1, process: "there", acquired: "2021-06-01T00:00:00Z" },
    expires: "2021-06-01T00:10:00Z",
  };
  let written: Promise<unknown> | undefined;
  const takeOver = () => {
    written = store.write(leaseName(NETWORK), one(JSON.stringify(lease)));
  };
  const losing = run("daily", { at: { stage: "verify-target", work: takeOver } });
  await expect(losing).rejects.toThrow(/lost the lease of .*: daily on elsewhere .* took it over/);
  await written;
  expect(await newest()).toEqual(before);
  // Not even a file of a set: the other run may write one of that name.
  const isOfSets = (name: string) =>
    !name.startsWith(`${NETWORK}-runs/`) && name !== leaseName(NETWORK);
  expect((await namesIn(store)).filter(isOfSets)).toEqual(objects.filter(isOfSets));
  expect((await readLatest(store, NETWORK))?.set).toBe(before!.name);
  // Waits for the other run, as long as it is let.
  const next = run("daily", { date: "2021-06-01T00:09:59Z", signal: AbortSignal.timeout(2_000) });
  await expect(next).rejects.toThrow("is leased by daily on elsewhere");
  const { published, warnings } = await run("daily", { date: "2021-06-01T00:10:01Z" });
  expect(published).toBe(true);
  expect(warnings).toEqual([
    expect.stringContaining("took over a lease that has ended"),
    // The loser's work folder, which the end of this run has given up.
    expect.stringMatching(/begins anew beside one that was interrupted.*target: none instead of/),
  ]);
});

test("a mixed set is passed over with the reason, and mended from the one before", {
  tags: ["only-in-all"],
}, async () => {
  const damaged = (await newest())!;
  const { name } = fileOf(damaged.manifest, "checkpoint-meta");
  const file = path.join(home, "network/dumps", name);
  const bytes = await readFile(file);
  bytes[bytes.length - 3]! ^= 1;
  await writeFile(file, bytes);
  // Of no set, and the youngest file there is: what a choice by age would take.
  const stray = path.join(home, `network/dumps/${NETWORK}-checkpoint-99999.json`);
  await writeFile(stray, "{}");
  await utimes(stray, new Date("2030-01-01"), new Date("2030-01-01"));

  const older = (await newest())!;
  expect(older.manifest.height).toBeLessThan(damaged.manifest.height);
  const { published, set, height, warnings } = await run("daily");
  expect({ published, set, height }).toEqual({
    published: true,
    set: damaged.name,
    height: damaged.manifest.height,
  });
  // Said once, however often the run looks.
  expect(warnings).toEqual([
    expect.stringMatching(`passed over set ${damaged.name}: .*${name} has SHA-256`),
  ]);
  const mended = (await newest())!;
  expect(mended.name).toBe(damaged.name);
  expect(mended.manifest.digests).toEqual(damaged.manifest.digests);
  expect(await run("daily")).toMatchObject({ published: false, set: mended.name, warnings: [] });
});

test("blocks that are still pending are not published without a stop point", async () => {
  const before = (await newest())!;
  await using source = await openTestDatabase();
  await using target = await openTestDatabase();
  const inNetwork = (name: string) => path.join(home, "network", name);
  const dump = (await readdir(inNetwork("dumps")))
    .filter((name) => name.startsWith(`${NETWORK}-archive-`))
    .sort();
  await runJson(["restore", "--dump", inNetwork(`dumps/${dump.at(-1)}`), "--db", source.url]);
  const pending = String(before.manifest.height + 2);
  await runJson([
    ...["migrate", "--source-db", source.url, "--target-db", target.url],
    ...["--network", inNetwork("network.yaml"), "--blocks", inNetwork("blocks")],
    ...["--genesis-ledger", inNetwork("genesis-ledger.json"), "--stop-at-height", pending],
  ]);
  await expect(run("daily", { target: target.url })).rejects.toThrow(
    new RegExp(
      `height ${pending}\\), above the highest canonical block .*height ${before.manifest.height}\\)`,
    ),
  );
  expect(await newest()).toEqual(before);
});

test("final ends in the preset's block, and leaves a hand-over whose every answer the restored dump gives", async () => {
  await fallNight();
  await expect(run("final")).rejects.toThrow(UsageError);
  const fork = `lastPreForkBlock: { height: ${BLOCKS}, stateHash: "${tip}" }\n`;
  await appendFile(path.join(home, "network/network.yaml"), fork);
  const elsewhere = run("final", { stopAtHeight: BigInt(BLOCKS) - 1n });
  await expect(elsewhere).rejects.toThrow(
    `final is to end in height ${BLOCKS - 1}, the last pre-fork block of ${NETWORK} is ${tip}`,
  );
  const { set, height } = await run("final");
  expect(height).toBe(BLOCKS);
  const { manifest } = (await newest())!;
  expect(manifest).toMatchObject({ final: true, anchor: { stateHash: tip, vouchedBy: "preset" } });
  const read = async (role: "hand-over" | "hand-over-text") =>
    (await store.read(fileOf(manifest, role).name))!.content.toString();
  const report = JSON.parse(await read("hand-over")) as HandOver;
  expect(report).toMatchObject({
    tip: { height: BLOCKS, stateHash: tip },
    ledgerHashes: { preFork: manifest.preForkLedgerHash, berkeley: manifest.berkeleyLedgerHash },
    forkGenesis: { height: BLOCKS + 1, parentHash: tip, stateHash: null },
    dump: fileOf(manifest, "dump").name,
  });
  const text = await read("hand-over-text");
  for (const part of [tip, manifest.preForkLedgerHash, "To be done by hand:", ...report.byHand]) {
    expect(text).toContain(part);
  }
  expect((await readLatest(store, NETWORK))!).toMatchObject({ set, final: true, height: BLOCKS });

  await using database = await openTestDatabase();
  const dump = `${store.url.replace(/\/$/, "")}/${report.dump}`;
  await runJson(["restore", "--dump", dump, "--db", database.url]);
  await using session = await openTestSession(database);
  expect(report.archiveFinds.length).toBeGreaterThan(5);
  const ask = async (sql: string) => {
    const [row] = await session.query<Record<string, unknown>>(sql);
    return String(Object.values(row!)[0]);
  };
  for (const { sql, answer } of report.archiveFinds) {
    expect(text).toContain(`${answer}\n${sql};\n`);
    expect([sql, await ask(sql)]).toEqual([sql, answer]);
  }
  expect(report.warnings).toEqual([]);
  expect(text).toContain("  verified            yes, the target is the history of this chain\n");

  // As the new archive leaves it: the last blocks are pending, and a fork genesis block has no accounts.
  await session.query("update blocks set chain_status = 'pending' where height > 10");
  await session.query(
    `insert into blocks
     select (jsonb_populate_record(b, jsonb_build_object(
       'id', b.id + 1, 'height', b.height + 1, 'state_hash', 'the fork genesis block',
       'parent_id', b.id, 'parent_hash', b.state_hash))).*
     from blocks b where state_hash = $1`,
    [tip],
  );
  const [, accounts] = report.repairs;
  expect(report.repairs.map(({ name }) => name)).toEqual([
    "convert-chain-to-canonical",
    "populate-genesis-accounts",
  ]);
  for (const { name, check, repair } of report.repairs) {
    expect(text).toContain(`mina-archive-hardfork-toolbox ${name}, or\n${repair};\n`);
    expect(await ask(check.sql), name).not.toBe(check.expected);
    await session.query(repair);
    expect(await ask(check.sql), name).toBe(check.expected);
    await session.query(repair);
    expect(await ask(check.sql), name).toBe(check.expected);
  }
  // What stands there is the ledger that the chain forked with.
  const states = (block: string) =>
    session.query(
      `select distinct on (account_identifier_id) ledger_index, account_identifier_id, balance, nonce,
              receipt_chain_hash, delegate_id, voting_for_id, timing_id
       from accounts_accessed join blocks b on b.id = block_id where ${block}
       order by account_identifier_id, b.height desc`,
    );
  const forked = await states(`b.height = ${BLOCKS + 1}`);
  expect(forked).toHaveLength(Number(accounts!.check.expected));
  expect(forked).toEqual(await states(`b.height <= ${BLOCKS}`));
});
