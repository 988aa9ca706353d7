// `forklift verify` through the built command, on a sample network: with and without a source, its
// document, its exit codes.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { dropAccountIndexes, lacksAccountIndexes } from "@forklift/archive";
import { makeSample } from "@forklift/sample";
import {
  changeDatabase,
  changedCopy,
  inProcess,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { digestTables, readVersions } from "@forklift/verifier";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { forklift } from "../src/commands/index.ts";
import { markProven } from "../src/stages/proven-height.ts";
import { type ReportDocument, reportSchema } from "../src/stages/verification-report.ts";

const { run, runJson } = inProcess(forklift);

let home: string;
let source: TestDatabase;
let target: TestDatabase;
let places: readonly string[];
let tip: string;

const blocks = () => ["--blocks", path.join(home, "sample", "blocks")];

/** The blocks of the sample, less those that are pending. */
const TIP_HEIGHT = 20;

async function hashAt(height: number): Promise<string | undefined> {
  await using session = await openTestSession(target);
  const [row] = await session.query<{ state_hash: string }>(
    "select state_hash from blocks where height = $1",
    [height],
  );
  return row?.state_hash;
}

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-verify-"));
  const folder = path.join(home, "sample");
  const sizes = { blocks: 25, days: 1, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 3 };
  const { dumps } = await makeSample(sizes, folder);
  source = await openTestDatabase();
  target = await openTestDatabase();
  places = [
    ...["--target-db", target.url, "--network", path.join(folder, "network.yaml")],
    ...["--genesis-ledger", `file://${folder}/genesis-ledger.json`],
  ];
  const dump = `file://${folder}/dumps/${dumps[0]}`;
  await runJson(["restore", "--dump", dump, "--db", source.url]);
  await runJson(["migrate", ...places, "--source-db", source.url, ...blocks()]);
  await runJson(["replay", ...places, "--checkpoints", home, "--checkpoint-interval", "100"]);
  tip = (await hashAt(TIP_HEIGHT))!;
});

afterAll(async () => {
  await target?.[Symbol.asyncDispose]();
  await source?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

test("the document of a report has a JSON schema in the repository", async () => {
  const text = `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot("../../docs/verification-report.schema.json");
});

test("a whole verification prints a report that the schema describes", async () => {
  const args = ["verify", ...places, "--source-db", source.url, ...blocks()];
  const report = reportSchema.parse(await runJson(args));
  expect(report).toMatchObject({
    ok: true,
    fromHeight: 1,
    blocksAboveAnchor: 0,
    answer: "yes, except",
    anchor: { stateHash: tip, vouchedBy: "source" },
    coverage: { unproven: [] },
  });
  expect(report.dropped.map(({ id }) => id)).toEqual(["fork-config-equal", "signatures"]);

  const { stdout, exit } = await run(args);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/chain-connected +yes +\d+ +\S+ +Migrated blocks are connected/);
  expect(stdout).toMatch(/columns +111 of 111 proven/);
});

test("anyone can verify a target without its source, from a block that they trust", async () => {
  const alone = ["verify", ...places, ...blocks()];
  const unvouched = await run(alone);
  expect(unvouched.exit).toBe(78);
  expect(unvouched.stderr).toContain("--trusted-state-hash");

  const trusting = ["--trusted-state-hash", tip];
  const report = reportSchema.parse(await runJson([...alone, ...trusting]));
  expect(report).toMatchObject({ ok: true, anchor: { vouchedBy: "operator" } });
  const left = report.dropped.filter(({ needs }) => needs.includes("source")).map(({ id }) => id);
  expect(left).toContain("accounts-created-equal");
  expect(report.coverage.unproven).toEqual([]);
});

interface Given {
  readonly source: boolean;
  readonly blocks: boolean;
  readonly trusted: boolean;
  readonly replayed: boolean;
}

const EITHER = [false, true];
const COMBINATIONS: readonly Given[] = EITHER.flatMap((source) =>
  EITHER.flatMap((blocks) =>
    EITHER.flatMap((trusted) => EITHER.map((replayed) => ({ source, blocks, trusted, replayed }))),
  ),
);

/** The first words of each exception that the answer must make, and no others. */
function exceptionsOf({ source: hasSource, blocks: hasBlocks, trusted }: Given): string[] {
  return [
    ...(trusted ? [] : ["that this is the chain that the network agreed on"]),
    ...(hasBlocks ? [] : [`that the state hashes and ledger hashes at heights 1 to ${TIP_HEIGHT}`]),
    ...(hasBlocks ? [] : ["15 columns that no check established"]),
    ...(hasBlocks ? [] : ["20 columns resting on one archive"]),
    ...(hasSource ? [] : ["13 columns resting on one file"]),
  ];
}

test("the answer of every combination of source, blocks, trusted hash and replay claims what it has", {
  tags: ["only-in-all"],
}, async () => {
  await using migrated = await changedCopy(
    target,
    `delete from accounts_accessed where block_id in (select id from blocks where height > $1)`,
    [12],
  );
  for (const given of COMBINATIONS) {
    const what = JSON.stringify(given);
    const args = [
      ...["verify", ...places, ...(given.replayed ? [] : ["--target-db", migrated.url])],
      ...(given.source ? ["--source-db", source.url] : []),
      ...(given.blocks ? blocks() : []),
      ...(given.trusted ? ["--trusted-state-hash", tip] : []),
    ];
    const { exit, stdout } = await run([...args, "--json"]);
    if (!given.source && (!given.blocks || !given.trusted)) {
      expect(exit, what).toBe(given.blocks ? 78 : 64);
      continue;
    }
    const report = reportSchema.parse(JSON.parse(stdout));
    const anchored = report.checks.find(({ id }) => id === "anchored")!;
    const says = "the anchor stands on the chain";
    expect(anchored.name, what).toBe(given.trusted ? says : `${says}, and the source has its tip`);
    const { stdout: text } = await run(args);
    if (!given.replayed) {
      expect([exit, report.answer], what).toEqual([20, "no"]);
      expect(text, what).toMatch(/^answer {4}NO$/m);
      continue;
    }
    const expected = exceptionsOf(given);
    const answer = expected.length === 0 ? "yes" : "yes, except";
    expect([exit, report.answer], what).toEqual([0, answer]);
    const claims = report.notProven.map(({ claim }) => claim);
    expect(claims, what).toEqual(expected.map((start) => expect.stringContaining(start)));
    for (const { claim } of report.notProven) expect(text, what).toContain(`- ${claim}: `);
    const named = report.notProven.flatMap(({ columns }) => columns);
    expect(named, what).toEqual(expect.arrayContaining(report.coverage.unproven));
    expect(text.includes("answer    yes, except:\n"), what).toBe(expected.length > 0);
  }
});

const failedIn = ({ checks }: ReportDocument) => checks.filter(({ ok }) => !ok).map(({ id }) => id);

test("the source vouches for its canonical blocks only, whatever the target's tip is", async () => {
  const below = (await hashAt(TIP_HEIGHT - 1))!;
  const withTip = async (status: string) => {
    const sql = "update blocks set chain_status = $2::chain_status_type where state_hash = $1";
    await using changed = await changedCopy(source, sql, [tip, status]);
    const args = ["verify", ...places, "--source-db", changed.url, ...blocks(), "--json"];
    const { exit, stdout } = await run(args);
    const report = reportSchema.parse(JSON.parse(stdout));
    const { anchor, blocksAboveAnchor } = report;
    return { exit, anchor, blocksAboveAnchor, failed: failedIn(report) };
  };
  const anchor = { height: TIP_HEIGHT - 1, stateHash: below, vouchedBy: "source" };
  const pending = { exit: 0, anchor, blocksAboveAnchor: 1, failed: [] };
  expect(await withTip("pending")).toEqual(pending);
  const failed = ["blocks-equal", "anchored"];
  expect(await withTip("orphaned")).toEqual({ ...pending, exit: 20, failed });
});

test("a source that does not have the tip is not taken for its voucher", async () => {
  await using marked = await openTestDatabase(target);
  const args = ["verify", ...places, "--target-db", marked.url, ...blocks(), "--source-db"];
  const { digests } = await runJson<ReportDocument>([...args, source.url]);
  {
    await using session = await openTestSession(marked);
    const versions = await readVersions(session);
    await markProven(session, { height: `${TIP_HEIGHT}`, stateHash: tip, digests, versions });
  }
  const proven = {
    fromHeight: TIP_HEIGHT + 1,
    provenBefore: { height: TIP_HEIGHT, stateHash: tip },
  };
  expect(await runJson([...args, source.url])).toMatchObject(proven);
  const { stdout: text } = await run([...args, source.url]);
  expect(text).toMatch(/chain-connected +nothing new +0 /);
  expect(text).toMatch(/proven-part-unchanged +yes +\d\d /);
  expect(text).toContain(`heights   no block above height ${TIP_HEIGHT}, in `);
  expect(text).toContain(`proof of an earlier run up to height ${TIP_HEIGHT}, by its digests`);
  expect(text).toContain(`111 of 111 proven, up to height ${TIP_HEIGHT} by the earlier run`);

  await using short = await changedCopy(source, "delete from blocks where height > 15");
  const { exit, stdout, stderr } = await run([...args, short.url, "--json"]);
  expect(exit).toBe(20);
  const end = await hashAt(15);
  expect(stderr).toContain(
    `anchored: blocks height ${TIP_HEIGHT} state_hash is ${tip}, which the source does not have, ` +
      `expected a block of the source, which has ${end} at height 15`,
  );
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(report).toMatchObject({ anchor: { height: 15, stateHash: end } });
  expect(failedIn(report)).toEqual(["anchored"]);
});

test("with nothing to hold it against, the command line is wrong", async () => {
  const { exit, stderr } = await run(["verify", ...places]);
  expect(exit).toBe(64);
  expect(stderr).toContain("--source-db, --blocks or both");
});

test("any difference ends with exit code 20 and the whole report", async () => {
  await using changed = await openTestDatabase(target);
  await changeDatabase(
    changed,
    `update accounts_accessed set balance = '1'
     where block_id = (select id from blocks where height = 9)`,
  );
  const { exit, stdout, stderr } = await run([
    ...["verify", ...places, "--target-db", changed.url, "--source-db", source.url, ...blocks()],
    "--json",
  ]);
  expect(exit).toBe(20);
  expect(stderr).toContain("ledger-hash-at-every-block");
  const report = reportSchema.parse(JSON.parse(stdout));
  const failed = report.checks.filter(({ ok }) => !ok).map(({ id }) => id);
  expect(failed).toEqual(["ledger-hash-at-every-block", "accounts-follow-commands"]);
  expect(report.coverage.unproven).toContain("accounts_accessed.balance");
  const [first] = report.checks.find(({ id }) => id === failed[0])!.differences;
  expect(first?.key).toContain("height 9,");
});

/** The first block of a later era on the tip, in SQL. */
const LATER_BLOCK = `
  insert into protocol_versions (transaction, network, patch) values (3, 0, 0);
  insert into blocks select (jsonb_populate_record(b, jsonb_build_object(
    'id', id + 1000, 'state_hash', '3NKlater', 'parent_id', id, 'parent_hash', state_hash, 'height', height + 1,
    'global_slot_since_hard_fork', 0, 'global_slot_since_genesis', global_slot_since_genesis + 100,
    'protocol_version_id', (select max(id) from protocol_versions)))).*
  from blocks b where height = ${TIP_HEIGHT}`;

test("of an archive that has gone on, all up to the trusted block is verified and the rest left alone", async () => {
  await using living = await changedCopy(target, LATER_BLOCK);
  const given = ["--source-db", source.url, ...blocks(), "--trusted-state-hash", tip];
  const args = ["verify", ...places, "--target-db", living.url, ...given];
  expect(reportSchema.parse(await runJson(args))).toMatchObject({
    answer: "yes",
    tip: { height: TIP_HEIGHT },
    archive: { goesOn: { leftAlone: { blocks: 1, protocol_versions: 1 } } },
  });
  const below = "update blocks set last_vrf_output = 'x' where height = 9";
  await changeDatabase(living, below);
  const { exit, stderr } = await run(args);
  expect(exit).toBe(20);
  expect(stderr).toContain("precomputed-equal: blocks height 9,");
});

test("a target that was not replayed fails for one reason, which is said", async () => {
  await using migrated = await openTestDatabase(target);
  await changeDatabase(
    migrated,
    `delete from accounts_accessed where block_id in (select id from blocks where height > 12);
     delete from accounts_created where block_id in (select id from blocks where height > 12)`,
  );
  const { exit, stderr } = await run([
    ...["verify", ...places, "--target-db", migrated.url, "--source-db", source.url, ...blocks()],
  ]);
  expect(exit, stderr).toBe(20);
  expect(stderr).toContain(
    "next: accounts_accessed ends at height 12, the target at 20: run forklift",
  );
  expect(stderr).toContain('"msg":"1/1 verify-target"');
});

test("what a replay that did not end has left out is said, and built by the next one", {
  tags: ["only-in-all"],
}, async () => {
  await using stopped = await openTestDatabase(target);
  await using session = await openTestSession(stopped);
  await dropAccountIndexes(session);
  const at = [...places, "--target-db", stopped.url];
  const verify = ["verify", ...at, "--source-db", source.url, ...blocks(), "--json"];
  const { exit, stdout, stderr } = await run(verify);
  expect(exit, stderr).toBe(20);
  expect(failedIn(reportSchema.parse(JSON.parse(stdout)))).toEqual(["schema-equal"]);
  expect(stderr).toContain("left out the indexes of the accounts' tables: run forklift replay");
  await runJson(["migrate", ...at, "--source-db", source.url, ...blocks()]);
  expect(await lacksAccountIndexes(session)).toBe(true);
  await runJson(["replay", ...at, "--checkpoints", home]);
  await runJson(verify);
});

test("what a verification lacks is at fault where nothing is known against the target", async () => {
  const holed = await mkdtemp(path.join(home, "holed-"));
  await cp(path.join(home, "sample", "blocks"), holed, { recursive: true });
  const lost = `sample-9-${await hashAt(9)}.json`;
  await rm(path.join(holed, lost));
  const verify = (url: string) =>
    run([
      ...["verify", ...places, "--target-db", url, "--source-db", source.url, "--blocks", holed],
      "--json",
    ]);
  const { exit, stdout, stderr } = await verify(target.url);
  expect(exit, stderr).toBe(65);
  expect(stderr).toContain("precomputed-equal, user-commands-precomputed, internal-commands-");
  expect(stderr).toContain(`next: get ${lost} from another archive operator`);
  expect(reportSchema.parse(JSON.parse(stdout)).ok).toBe(false);

  await using changed = await changedCopy(
    target,
    "update blocks set last_vrf_output = 'x' where height = 9 + $1",
    [4],
  );
  expect((await verify(changed.url)).exit).toBe(20);
});

test("a tip whose hash is none is a no, and no fault of ours", async () => {
  const sql = "update blocks set state_hash = 'bogus' where height = $1";
  await using changed = await changedCopy(target, sql, [TIP_HEIGHT]);
  const { exit, stdout, stderr } = await run([
    ...["verify", ...places, "--target-db", changed.url, "--source-db", source.url, ...blocks()],
    "--json",
  ]);
  expect(exit, stderr).toBe(20);
  expect(stderr).toContain("next: do not publish this target");
  expect(reportSchema.parse(JSON.parse(stdout))).toMatchObject({ tip: { stateHash: "bogus" } });
});

test.each<[string, string]>([
  ["a height that is none", `jsonb_set(cursor, '{height}', '"abc"')`],
  ["no digests", "cursor - 'digests'"],
  ["a table without a version", "cursor #- '{versions,tokens}'"],
  [
    "more SQL in a version",
    `jsonb_set(cursor, '{versions,blocks,last}', '"0; commit; select pg_advisory_lock(1)"')`,
  ],
])(
  "a mark of an earlier run with %s is taken for none",
  { tags: ["only-in-all"] },
  async (_what, cursor) => {
    await using marked = await openTestDatabase(target);
    {
      await using session = await openTestSession(marked);
      const [digests, versions] = [await digestTables(session), await readVersions(session)];
      await markProven(session, { height: `${TIP_HEIGHT}`, stateHash: tip, digests, versions });
    }
    const args = ["verify", ...places, "--target-db", marked.url, "--source-db", source.url];
    await changeDatabase(
      marked,
      `update forklift.progress_mark set cursor = (select ${cursor.replaceAll("cursor", "cursor::jsonb")})
     where stage = 'verify-target'`,
    );
    const report = await runJson<ReportDocument>([...args, ...blocks()]);
    expect(report).toMatchObject({ ok: true, fromHeight: 1 });
    expect(report).not.toHaveProperty("provenBefore");
  },
);
