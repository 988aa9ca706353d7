// `forklift verify` through the built command, on a sample network: with and without a source, its
// document, its exit codes.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import {
  forkliftJson,
  openTestDatabase,
  openTestSession,
  runForklift,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { reportSchema } from "../src/verification-report.ts";
import { changeDatabase } from "./small-archive.ts";

let home: string;
let source: TestDatabase;
let target: TestDatabase;
let places: readonly string[];
let tip: string;

const blocks = () => ["--blocks", path.join(home, "sample", "blocks")];

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
  await forkliftJson(["restore", "--dump", dump, "--db", source.url]);
  await forkliftJson(["migrate", ...places, "--source-db", source.url, ...blocks()]);
  await forkliftJson(["replay", ...places, "--checkpoints", home, "--checkpoint-interval", "100"]);
  await using session = await openTestSession(target);
  const [row] = await session.query<{ state_hash: string }>(
    "select state_hash from blocks order by height desc limit 1",
  );
  tip = row!.state_hash;
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
  const report = reportSchema.parse(await forkliftJson(args));
  expect(report).toMatchObject({
    ok: true,
    fromHeight: 1,
    blocksAboveAnchor: 0,
    anchor: { stateHash: tip, vouchedBy: "source" },
    coverage: { unproven: [] },
  });
  expect(report.dropped.map(({ id }) => id)).toEqual(["fork-config-equal"]);

  const { stdout, exit } = await runForklift(args);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/chain-connected +yes +\d+ +\S+ +Migrated blocks are connected/);
  expect(stdout).toMatch(/columns +111 of 111 proven/);
});

test("anyone can verify a target without its source, from a block that they trust", async () => {
  const alone = ["verify", ...places, ...blocks()];
  const unvouched = await runForklift(alone);
  expect(unvouched.exit).toBe(78);
  expect(unvouched.stderr).toContain("--trusted-state-hash");

  const trusting = ["--trusted-state-hash", tip];
  const report = reportSchema.parse(await forkliftJson([...alone, ...trusting]));
  expect(report).toMatchObject({ ok: true, anchor: { vouchedBy: "operator" } });
  const left = report.dropped.filter(({ needs }) => needs.includes("source")).map(({ id }) => id);
  expect(left).toContain("accounts-created-equal");
  expect(report.coverage.unproven).toEqual([]);
});

test("with nothing to hold it against, the command line is wrong", async () => {
  const { exit, stderr } = await runForklift(["verify", ...places]);
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
  const { exit, stdout, stderr } = await runForklift([
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
