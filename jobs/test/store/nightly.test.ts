// A night without news: answered from the manifest of the newest set, without a database and without the
// dump's contents; whatever could make a difference goes the long way. The sets hold anything, for nobody
// looks into them, and no server of databases is there.

import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  latestName,
  moveLatest,
  type PublishedSet,
  readLatest,
  runHistory,
  type SetInput,
  setInput,
} from "@forklift/sets";
import { digestOf, type Store } from "@forklift/storage";
import {
  CLOSED_PORT,
  inProcess,
  NETWORK,
  one,
  testStores,
  type WrittenSet,
  writeSet,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { forklift } from "../../src/commands/index.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { networkOfConfig } from "../../src/context/configured-inputs.ts";
import { settingsInput } from "../../src/context/settings-input.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";
import type { Status } from "../../src/run/status.ts";

const { run, runJson } = inProcess(forklift);
const { emulator, folder, bucket } = testStores();

const PRESET = new URL("../../../packages/network/presets/mainnet.yaml", import.meta.url);
const DUMP = `${NETWORK}-archive-dump-2024-06-04_0000.sql.tar.gz`;
const HEIGHT = 10;
/** A block of mainnet: of a hash it is only asked that it is one. */
const BLOCK = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

let home: string;
let preset: object;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-nightly-"));
  preset = { ...(parse(await readFile(PRESET, "utf8")) as object), name: NETWORK, dumps: {} };
});
afterAll(() => rm(home, { recursive: true }));

interface Night {
  readonly store: Store;
  readonly dumps: Store;
  readonly set: PublishedSet;
  readonly dump: Buffer;
  /** Of `daily`, with the file of the configuration. */
  readonly args: readonly string[];
}

interface Past {
  readonly stores?: () => Store;
  readonly madeBy?: Partial<Omit<WrittenSet, "inputs">>;
  /** What the set says it was made from; default: the dump that is there, by the configuration of now. */
  readonly inputs?: (right: readonly SetInput[]) => readonly SetInput[] | null;
}

/** The night after a set was published: the newest dump is the one that it was made from. */
async function night({ stores = folder, madeBy, inputs = (right) => right }: Past = {}) {
  const [store, dumps] = [stores(), stores()];
  const file = path.join(await mkdtemp(path.join(home, "night-")), "forklift.yaml");
  // JSON is YAML.
  const content = {
    network: preset,
    genesisLedger: path.join(home, "nowhere.json"),
    source: { dumps: urlOf(dumps) },
    target: { store: urlOf(store) },
    blocks: [path.join(home, "nowhere")],
    postgres: { url: CLOSED_PORT },
  };
  await writeFile(file, JSON.stringify(content));
  const { config } = await loadConfig({ file, settings: [], environment: {} });
  const dump = randomBytes(500);
  await dumps.write(DUMP, one(dump));
  const right = [
    setInput("source-dump", { name: DUMP, ...digestOf(dump) }),
    settingsInput(config, await networkOfConfig(config)),
  ];
  const set = await writeSet(store, { height: HEIGHT, ...madeBy, inputs: inputs(right) });
  const date = () => new Date("2024-06-05T00:00:00Z");
  await moveLatest(store, { network: NETWORK, set, date, isReplacing: false });
  return { store, dumps, set, dump, args: ["daily", "--config", file] } satisfies Night;
}

const urlOf = ({ url }: Store) => `${url.replace(/\/$/, "")}/`;

const daily = (args: readonly string[]) => runJson<JobOutcome>(args);

describe.each([
  ["folders", folder],
  ["buckets", bucket],
])("a night without news, its stores in %s", (_what, stores) => {
  test("opens no database, reads no file of the set's or of the dump's size, and says why", async () => {
    const { set, args, store } = await night({ stores });
    const before = emulator().requests.length;
    const outcome = await daily(args);
    const why = `${set.name} was made from ${DUMP}, and there is no newer dump`;
    expect(outcome).toEqual({
      ...{ ok: true, job: "daily", height: HEIGHT, stateHash: set.manifest.stateHash },
      ...{
        set: set.name,
        published: false,
        candidate: null,
        verified: null,
        report: null,
        handOver: [],
      },
      ...{ dumpsPassedOver: [], blockSources: [] },
      stages: [
        {
          ...{ stage: "look-for-news", skipped: why, rowCount: 0, checks: [] },
          elapsedMs: expect.any(Number) as number,
        },
      ],
    });
    const read = emulator()
      .requests.slice(before)
      .filter(({ path: at }) => at.includes("alt=media"))
      .map(({ path: at }) => at);
    expect(read.filter((at) => /archive-dump|checkpoint|report/.test(at))).toEqual([]);

    const [record] = await runHistory(store, NETWORK, expect.unreachable).newest(1);
    expect(record).toMatchObject({
      ...{ state: "succeeded", exit: 0, recipe: "daily", published: false, lagBlocks: 5 },
      source: { name: DUMP, dumped: "2024-06-04T00:00:00.000Z", height: 15, canonicalHeight: 10 },
      set: { name: set.name, height: HEIGHT },
      ...{ verification: { ok: true, comparisons: null }, sourceFaults: 0 },
      stages: [{ stage: "look-for-news", skipped: why }],
    });
    const status = await runJson<Status>(["status", ...args.slice(1)]);
    expect(status.runs).toMatchObject([{ state: "succeeded", exit: 0, published: false }]);
    expect(status.lag).toMatchObject({ blocks: 5 });
    expect(status.faults).toEqual([]);
  });

  test("completes a publication that was left behind", async () => {
    const { store, set, args } = await night({ stores });
    await store.remove(latestName(NETWORK));
    expect(await daily(args)).toMatchObject({ published: false, set: set.name });
    expect(await readLatest(store, NETWORK)).toMatchObject({ set: set.name });
  });

  test("is told from one with other bytes under the same name, be they as many", async () => {
    const { dumps, dump, args } = await night({ stores });
    const other = Buffer.from(dump);
    other[7]! ^= 1;
    await dumps.write(DUMP, one(other));
    await expectTheLongWay(args, new RegExp(`${DUMP} has (SHA-256|crc32c) .*its manifest says`));
    await dumps.write(DUMP, one(dump));
    expect(await daily(args)).toMatchObject({ published: false });
  });
});

test("a night without news is told in two lines of a table and a sentence", async () => {
  const { set, args } = await night();
  const { exit, stdout } = await run(args);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^look-for-news +0 +0 +\S+ +nothing to do: .* there is no newer dump$/m);
  expect(stdout).toMatch(new RegExp(`^daily: nothing new; ${set.name} stands$`, "m"));
  expect(stdout).not.toContain("precomputed blocks from");
});

test("what does not decide the rows makes no news", async () => {
  const { args } = await night();
  const more = ["replay.threads=3", `blocks=${home}`, "replay.checkpointIntervalBlocks=7"];
  const set = more.flatMap((setting) => ["--set", setting]);
  expect(await daily([...args, ...set])).toMatchObject({ published: false });
});

describe("a daily goes the long way", () => {
  test.each<[string, Past, RegExp]>([
    ["after a set of version 1", { inputs: () => null }, /it names no inputs/],
    [
      "after a set from a live source",
      { inputs: ([, rules]) => [rules!] },
      /something else than a/,
    ],
    ["after a final set", { madeBy: { final: true } }, /is final, and ends where it was told/],
    [
      "after a set with an input that it does not know",
      { inputs: (right) => [...right, { ...right[0]!, role: "song" }] },
      /something else than a dump/,
    ],
    [
      "after a set from a dump of another name",
      { inputs: ([dump, rules]) => [{ ...dump!, name: `${DUMP}.zst` }, rules!] },
      /was made from .*\.zst/,
    ],
    [
      "after a set from a dump of another size",
      { inputs: ([dump, rules]) => [{ ...dump!, bytes: 7 }, rules!] },
      /has 500 bytes, .* was made from 7/,
    ],
    [
      "after a set that another forklift made",
      { inputs: ([dump, rules]) => [dump!, { ...rules!, sha256: "0".repeat(64) }] },
      /was made by other settings/,
    ],
  ])("%s", async (_what, past, why) => {
    const { args } = await night(past);
    await expectTheLongWay(args, why);
  });

  test.each([
    ["whom it trusts", [`--trusted-state-hash=${BLOCK}`]],
    ["an exception", ["--set", `replay.ledgerHashExceptions=${BLOCK}`]],
    ["balances that are not compared", ["--set", "replay.compareBalances=false"]],
    ["creation fees that are not compared", ["--set", "verify.compareCreationFees=false"]],
    ["signatures of all", ["--signatures", "all"]],
    ["sources that are to agree", ["--agree", "2"]],
    ["the official form", ["--set", "official.vrfOutput=true"]],
  ])("with other settings: %s", async (_what, more) => {
    const { args } = await night();
    await expectTheLongWay([...args, ...more], /was made by other settings/);
  });

  test("on a newer dump, and on one that is gone", async () => {
    const { dumps, args } = await night();
    const newer = DUMP.replace("06-04", "06-05");
    await dumps.write(newer, one(Buffer.from("news")));
    await expectTheLongWay(args, new RegExp(`was made from ${DUMP}`));
    await dumps.remove(newer);
    expect(await daily(args)).toMatchObject({ published: false });
    await dumps.write(DUMP.replace("06-04", "06-03"), one(Buffer.from("an older one")));
    await dumps.remove(DUMP);
    await expectTheLongWay(args, new RegExp(`was made from ${DUMP}`));
  });

  test("from the set before, when a file of the newest is torn or gone", async () => {
    const { store, set, args } = await night();
    await writeSet(store, { height: HEIGHT - 1 });
    const [dump] = set.manifest.files;
    const bytes = (await store.read(dump!.name))!.content;
    bytes[7]! ^= 1;
    await store.write(dump!.name, one(bytes));
    await expectTheLongWay(
      args,
      new RegExp(`${NETWORK}-set-9-\\w+\\.json was made from something`),
    );
    await store.remove(dump!.name);
    await expectTheLongWay(
      args,
      new RegExp(`${NETWORK}-set-9-\\w+\\.json was made from something`),
    );
  });

  test("into a target that it was given and that cannot be asked", async () => {
    const { args } = await night();
    await expectTheLongWay([...args, "--set", `target.database=${CLOSED_PORT}`], /ECONNREFUSED/);
  });
});

/** It ends at once, for the genesis ledger is nowhere. */
async function expectTheLongWay(args: readonly string[], why: RegExp): Promise<void> {
  const { exit, stderr } = await run([...args, "--log-level", "debug", "--log-json"]);
  expect(exit, stderr).not.toBe(0);
  expect(stderr).toMatch(/nowhere\.json/);
  const planned = stderr.split("\n").find((line) => line.includes("look-for-news planned"));
  expect((JSON.parse(planned!) as { plan: { news: string } }).plan.news).toMatch(why);
}
