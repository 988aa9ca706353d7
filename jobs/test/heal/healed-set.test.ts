// @module-tag only-in-all
// A job with healing publishes from a damaged source what it publishes from the undamaged one; its verification, its
// manifest and its record say how much of it the source is no witness of.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeManifest, decodeRunRecord, type Manifest, type RunRecord } from "@forklift/sets";
import {
  changeDatabase,
  inProcess,
  openTestDatabase,
  serverUrl,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { type DamagedSample, damaged, openDamagedSample } from "./damaged-sample.ts";

const { run, runJson } = inProcess(forklift);

let sample: DamagedSample;
let home: string;
let damagedSource: TestDatabase;

/** Each of another part of a block: the block, its commands, its fees. */
const DAMAGE = `
  update blocks set global_slot = global_slot - 1, parent_hash = ledger_hash
    where height = 20 and chain_status = 'canonical';
  update blocks set chain_status = 'orphaned' where height = 25 and chain_status = 'canonical';
  update user_commands set amount = amount + 1 where id = (
    select max(user_command_id) from blocks_user_commands i join blocks b on b.id = i.block_id
    join user_commands c on c.id = i.user_command_id
    where b.chain_status = 'canonical' and c.type = 'payment');
  update blocks_internal_commands set receiver_account_creation_fee_paid = null`;

beforeAll(async () => {
  sample = await openDamagedSample();
  home = await mkdtemp(path.join(tmpdir(), "forklift-healed-set-"));
  damagedSource = await damaged(sample, { name: "", sql: DAMAGE });
}, 120_000);
afterAll(async () => {
  await damagedSource[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

async function configOf(name: string, source: TestDatabase): Promise<string> {
  const file = path.join(home, `${name}.yaml`);
  const { folder } = sample;
  await writeFile(
    file,
    [
      `network: ${path.join(folder, "network.yaml")}`,
      `genesisLedger: ${path.join(folder, "genesis-ledger.json")}`,
      `source: { database: "${source.url}" }`,
      `target: { store: ${path.join(home, name)}/ }`,
      `blocks: [${path.join(folder, "blocks")}]`,
      `postgres: { url: "${serverUrl()}" }`,
    ].join("\n"),
  );
  return file;
}

/** Of the chain's end. */
async function manifestIn(store: string): Promise<Manifest> {
  const names = await readdir(path.join(home, store));
  const name = names.find((it) => it.includes(`-set-55-`))!;
  return decodeManifest(await readFile(path.join(home, store, name), "utf8"), name);
}

async function recordsIn(store: string, state: string): Promise<readonly RunRecord[]> {
  const runs = path.join(home, store, "sample-runs");
  const names = (await readdir(runs)).filter((name) => !name.endsWith("evidence.json"));
  const records = await Promise.all(
    names.map(async (name) => decodeRunRecord(await readFile(path.join(runs, name), "utf8"), name)),
  );
  return records.filter((record) => record.state === state);
}

test("prime publishes what it publishes of the undamaged source, and says what was healed", async () => {
  await using sound = await openTestDatabase(sample.template);
  await runJson(["prime", "--config", await configOf("sound", sound)]);
  const config = await configOf("healed", damagedSource);
  const { exit } = await run(["prime", "--config", config]);
  expect(exit).toBe(65);
  const outcome = await runJson<{ readonly verified: unknown }>([
    ...["prime", "--config", config, "--set", "heal=true"],
  ]);
  const [expected, found] = [await manifestIn("sound"), await manifestIn("healed")];
  expect(found.digests).toEqual(expected.digests);
  expect(found).toMatchObject({ healed: expect.any(Number) });
  expect(expected).not.toHaveProperty("healed");
  expect(outcome.verified).toMatchObject({ answer: "yes, except" });
  expect(found.verification.notProven).toContainEqual(
    expect.objectContaining({
      claim: expect.stringMatching(/^that the source has the same of \d+ blocks$/),
    }),
  );
  const [published] = await recordsIn("healed", "succeeded");
  expect(published).toMatchObject({ healed: (found as { readonly healed: number }).healed });
}, 120_000);

test("prime goes on where a missing block keeps the archive from calling any other canonical", async () => {
  const sql = `update blocks set chain_status = 'pending' where height > 30;
    update blocks set parent_id = null where height = 32;
    delete from blocks_user_commands where block_id in (select id from blocks where height = 31);
    delete from blocks_internal_commands where block_id in (select id from blocks where height = 31);
    delete from blocks where height = 31`;
  await using stalled = await damaged(sample, { name: "", sql });
  const first = path.join(sample.folder, "blocks");
  const second = path.join(home, "second");
  await cp(first, second, { recursive: true });
  const config = await configOf("stalled", stalled);
  await runJson([...["prime", "--config", config, "--heal", "--set", `blocks=${first},${second}`]]);
  const { digests, healed, height } = (await manifestIn("stalled")) as Manifest & {
    healed: number;
  };
  expect({ healed, height }).toEqual({ healed: 1, height: 55 });
  expect(digests).toEqual((await manifestIn("sound")).digests);
}, 120_000);

test("daily heals what is new since the last night, and comes to the same set", async () => {
  await using living = await openTestDatabase(sample.template);
  await changeDatabase(
    living,
    "create table canonical_in_the_end as select id from blocks where chain_status = 'canonical'",
  );
  await changeDatabase(
    living,
    "update blocks set chain_status = 'pending' where height > 30 and chain_status = 'canonical'",
  );
  const config = await configOf("nightly", living);
  await runJson(["prime", "--config", config]);
  const next = `update blocks set chain_status = 'canonical'
    where id in (select id from canonical_in_the_end) and height <> 45`;
  const damage = `update user_commands set amount = amount + 1 where id = (
    select min(user_command_id) from blocks_user_commands i join blocks b on b.id = i.block_id
    join user_commands c on c.id = i.user_command_id
    where b.height = 40 and b.id in (select id from canonical_in_the_end) and c.type = 'payment')`;
  for (const sql of [next, damage]) await changeDatabase(living, sql);
  const { exit, stderr } = await run(["daily", "--config", config]);
  expect(exit, stderr).toBe(65);
  expect(stderr).toContain("--heal");
  await runJson(["daily", "--config", config, "--heal"]);
  const { digests, healed } = (await manifestIn("nightly")) as Manifest & { healed: number };
  expect(digests).toEqual((await manifestIn("sound")).digests);
  expect(healed).toBe(2);
}, 120_000);

test("a verification by itself says what the source has otherwise", async () => {
  await using target = await openTestDatabase();
  const databases = ["--source-db", damagedSource.url, "--target-db", target.url];
  await runJson(["migrate", ...databases, ...sample.inputs, "--heal"]);
  const ledger = sample.inputs.slice(0, 4);
  await runJson(["replay", "--target-db", target.url, ...ledger, "--checkpoints", home]);
  const { exit, stderr } = await run(["verify", ...databases, ...sample.inputs]);
  expect(exit).toBe(20);
  expect(stderr).toContain("--heal");
}, 60_000);
