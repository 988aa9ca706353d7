// `audit` of a source that is whole; those with a fault stand beside the migrations that they stop.

import {
  changedCopy,
  inProcess,
  isMainnetDataMissing,
  openSampleSource,
  openSmallArchive,
  type SmallArchive,
  sampleNetwork,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrator } from "../../src/commands/index.ts";

const { run, runJson } = inProcess(migrator);

const CANONICAL_HEIGHT = 240;

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  let archive: SmallArchive;

  beforeAll(async () => {
    archive = await openSmallArchive({ canonicalHeight: CANONICAL_HEIGHT, filesHeight: 300 });
  });
  afterAll(() => archive[Symbol.asyncDispose]());

  test("an audit of a whole source finds nothing, at any stop point", async () => {
    const audit = (...more: string[]) =>
      runJson<object>(["audit", "--source-db", archive.source.url, ...more]);
    const whole = { ok: true, network: "mainnet", filesToFetch: [] };
    expect(await audit()).toMatchObject({ ...whole, tip: { height: CANONICAL_HEIGHT } });
    expect(await audit("--stop-at-height", "100")).toMatchObject({
      ...whole,
      tip: { height: 100 },
    });
    expect(await audit("--fork-state-hash", archive.stateHashes[290]!)).toMatchObject({
      ...whole,
      tip: { height: 290, stateHash: archive.stateHashes[290] },
    });
  });
});

const SAMPLE = { blocks: 25, days: 1, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 3 };

describe("an audit without a network", { tags: ["only-in-all"] }, () => {
  const leftOut = (why: string) => [
    { check: "whether the source begins with its network's genesis block", why },
  ];

  test("looks for everything that needs none, and says what it left out", async () => {
    await using source = await openSampleSource(SAMPLE);
    const audit = ["audit", "--source-db", source.url];
    const alone = await runJson<{ leftOut: { why: string }[] }>(audit);
    expect(alone).toMatchObject({ ok: true, network: null, tip: { height: 20 }, filesToFetch: [] });
    const why = expect.stringMatching(/^no preset begins with genesis block 3N/) as string;
    expect(alone.leftOut).toEqual(leftOut(why));
    const { stdout } = await run(audit);
    expect(stdout).toMatch(
      /^left out: whether the source begins with .*; give one with --network$/m,
    );

    const { folder } = await sampleNetwork(SAMPLE);
    const named = await runJson<object>([...audit, "--network", `${folder}/network.yaml`]);
    expect(named).toEqual({ ...alone, network: "sample", leftOut: [] });
    expect((await run([...audit, "--network", "mainnet"])).exit).toBe(78);
  });

  test.each([
    ["a gap, and the file that fills it", 12, /^no preset begins with genesis block 3N/],
    ["a missing genesis block, of which no file is published", 1, /^the source holds no genesis/],
  ])("names %s", async (_what, height, why) => {
    await using source = await openSampleSource(SAMPLE);
    await using holed = await changedCopy(
      source,
      `with gone as (select id from blocks where height = $1),
            users as (delete from blocks_user_commands where block_id in (select id from gone)),
            internal as (delete from blocks_internal_commands where block_id in (select id from gone)),
            children as (update blocks set parent_id = null where parent_id in (select id from gone))
       delete from blocks where height = $1`,
      [height],
    );
    const { exit, stdout, stderr } = await run(["audit", "--source-db", holed.url, "--json"]);
    const isGenesis = height === 1;
    const fault = isGenesis ? "genesis block is missing" : `block at height ${height}: `;
    expect([exit, stderr]).toEqual([65, expect.stringContaining(fault)]);
    const { filesToFetch, leftOut: left } = JSON.parse(stdout);
    const file = expect.stringMatching(`^{network}-${height}-3N\\w+\\.json$`) as string;
    expect(filesToFetch).toEqual(isGenesis ? [] : [file]);
    expect(left).toEqual(leftOut(expect.stringMatching(why) as string));
  });
});
