// `follow` on a source that lives: the target stands where the source stands, cycle after cycle, and what it
// holds in the end is what a migration at once would have made.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inProcess, openTestDatabase, openTestSession, type TestDatabase } from "@forklift/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { FollowSummary } from "../../src/run/follow/follow.ts";
import { openHttpRecorder } from "../http-recorder.ts";
import { startFollowing } from "./following.ts";
import {
  changeInDatabase,
  digestsAtOnce,
  digestsOf,
  type LivingSource,
  migrateOptions,
  openLivingSource,
  provenHeightOf,
} from "./living-source.ts";

const { run, runJson } = inProcess(forklift);

/** A machine that does other things, too, takes seconds for a cycle. */
const POLL = { timeout: 60_000, interval: 50 };

let home: string;
let source: LivingSource;
let target: TestDatabase;
beforeAll(async () => {
  source = await openLivingSource();
});
afterAll(() => source[Symbol.asyncDispose]());
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-follow-"));
  target = await openTestDatabase();
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const followed = (more: Readonly<Record<string, unknown>> = {}) => ({
  ...{ home, network: source.network, sourceUrl: source.database.url, targetUrl: target.url, more },
});

const reaches = (height: number) => expect.poll(() => provenHeightOf(target), POLL).toBe(height);

test("in steps comes to the rows of a migration at once", async () => {
  await source.live(8);
  const following = await startFollowing(followed());
  await reaches(8);
  await source.live(9);
  await reaches(9);
  await source.live(source.end);
  await reaches(source.end);
  expect(await following.page("readyz")).toMatchObject({ status: 200 });
  following.stop();
  expect(await following.ended).toMatchObject({ waits: 0, published: 0 });
  expect(await digestsOf(target)).toEqual(await digestsAtOnce(source, home));
});

test("publishes what it has verified, without a restore, and once only", {
  tags: ["only-in-all"],
}, async () => {
  await source.live(source.end - 4);
  const first = await startFollowing(followed());
  for (let height = source.end - 4; height < source.end; height++) {
    await source.live(height);
    await reaches(height);
  }
  first.stop();
  expect(await first.ended).toMatchObject({ published: 0 });

  await source.live(source.end);
  const second = await startFollowing(followed({ follow: { publish: "* * * * * *" } }));
  const told = () => second.told.map(({ msg }) => msg);
  await expect.poll(told, POLL).toContain("nothing new to publish");
  expect(told()).toContain("published a set");
  expect((await second.page("metrics")).text).toContain(
    `forklift_follow_height{network="sample"} ${source.end}`,
  );
  second.stop();
  const { published, last } = await second.ended;
  expect(published).toBe(1);
  const { pending } = last!;
  expect(pending).toMatchObject({ proven: pending.blocks, differences: 0 });
  expect(pending.provenTo).toBeGreaterThan(source.end);
  expect(last).toMatchObject({ height: source.end, lagBlocks: 0 });

  const names = await readdir(path.join(home, "store"));
  const sets = names.filter((name) => /-set-.*json$/.test(name));
  expect(sets).toHaveLength(1);
  const { digests } = JSON.parse(await readFile(path.join(home, "store", sets[0]!), "utf8"));
  expect(digests).toEqual(await digestsAtOnce(source, home));
  expect(await digestsOf(target)).toEqual(digests);
  const work = await readdir(path.join(home, "work/sample"), { recursive: true });
  expect(work.filter((file) => /checkpoint-\d+\.json$/.test(file))).toHaveLength(2);
  const config = path.join(home, "forklift.yaml");
  const status = await runJson<{ follow: object }>(["status", "--config", config]);
  expect(status.follow).toMatchObject({ height: source.end, lagBlocks: 0, state: "succeeded" });
});

test("an orphan that comes late is copied into a complete history, whatever else stands still", {
  tags: ["only-in-all"],
}, async () => {
  await source.live(source.end);
  const late = `(select id from blocks b where height <= ${source.end} and chain_status <> 'canonical'
    and not exists (select from blocks child where child.parent_id = b.id) order by height limit 1)`;
  await using there = await openTestSession({ url: source.database.url });
  const [orphan] = await there.query<{ state_hash: string }>(
    `update blocks set chain_status = 'pending' where id = ${late} returning state_hash`,
  );
  const following = await startFollowing(followed({ history: "complete" }));
  await reaches(source.end);
  await using here = await openTestSession(target);
  const held = async () =>
    await here.query("select chain_status::text as status from blocks where state_hash = $1", [
      orphan!.state_hash,
    ]);
  const told = () => following.told.map(({ msg }) => msg);
  await expect.poll(told, POLL).toContain("the source has gained nothing");
  expect(await held()).toEqual([]);
  await there.query("update blocks set chain_status = 'orphaned' where state_hash = $1", [
    orphan!.state_hash,
  ]);
  await expect.poll(held, POLL).toEqual([{ status: "orphaned" }]);
  following.stop();
  expect(await following.ended).toMatchObject({ waits: 0 });
});

test("a difference stops the writing, is told in every way, and is the exit code at the end", {
  tags: ["only-in-all"],
}, async () => {
  await using notices = await openHttpRecorder();
  await source.live(8);
  const following = await startFollowing(followed({ notify: { webhook: notices.url } }));
  await reaches(8);
  await changeInDatabase(
    target,
    "update accounts_accessed set balance = '1' where block_id = (select max(id) from blocks where height = 8)",
  );
  await source.live(9);
  await expect.poll(() => notices.received.length, POLL).toBe(1);
  expect(JSON.parse(notices.received[0]!.body)).toMatchObject({ recipe: "follow", exit: 20 });
  expect(await following.page("healthz")).toMatchObject({ status: 200 });
  const { status, text } = await following.page("readyz");
  expect([status, text]).toEqual([503, expect.stringMatching(/^stopped: /)]);
  expect((await following.page("metrics")).text).toMatch(/^forklift_follow_stopped\{.*\} 1$/m);
  expect(await provenHeightOf(target)).toBe(8);
  following.stop();
  await expect(following.ended).rejects.toMatchObject({ exit: "verificationFailed" });
  expect(notices.received).toHaveLength(1);
});

test("a pending block that differs is told of at once, and stops the writing when it is canonical", {
  tags: ["only-in-all"],
}, async () => {
  await using own = await openLivingSource();
  await own.live(8);
  const blockOfChain =
    "(select id from fate.blocks where status = 'canonical' order by id offset 9 limit 1)";
  const wrong = await openTestSession({ url: own.database.url });
  const [row] = await wrong.query<{ height: number }>(
    `update blocks set ledger_hash = (select ledger_hash from blocks where height = 2 limit 1)
     where id = ${blockOfChain} returning height::int as height`,
  );
  await wrong.close();
  const { height } = row!;
  const following = await startFollowing({ ...followed(), sourceUrl: own.database.url });
  await reaches(8);
  const told = () => following.told.map(({ msg }) => msg);
  await expect.poll(told, POLL).toContain("a pending block of the best chain differs");
  const metrics = async () => (await following.page("metrics")).text;
  await expect.poll(metrics, POLL).toMatch(/^forklift_follow_pending_differences\{.*\} 1$/m);
  expect(await metrics()).toContain(
    `forklift_follow_pending_height{network="sample"} ${height - 1}`,
  );
  await own.live(height - 1);
  await reaches(height - 1);
  expect((await following.page("readyz")).status).toBe(200);
  await own.live(height);
  await expect.poll(async () => (await following.page("readyz")).text, POLL).toMatch(/^stopped: /);
  expect(await provenHeightOf(target)).toBe(height - 1);
  following.stop();
  await expect(following.ended).rejects.toThrow();
});

test("migrate --follow does the same by options alone", { tags: ["only-in-all"] }, async () => {
  await source.live(8);
  const follow = ["migrate", "--follow", "--interval", "1", "--pause", "1", "--json"];
  const databases = ["--source-db", source.database.url, "--target-db", target.url];
  const following = run([...follow, ...migrateOptions(source.network), ...databases], {
    stopAt: new RegExp(`"height":${source.end},.*gained nothing`),
  });
  await reaches(8);
  await source.live(source.end);
  const { exit, stdout, stderr } = await following;
  expect(exit, stderr).toBe(0);
  const { last } = JSON.parse(stdout) as FollowSummary;
  expect(last).toMatchObject({ height: source.end, lagBlocks: 0 });
  expect(last!.source!.statements).toBeGreaterThan(0);
  expect(await digestsOf(target)).toEqual(await digestsAtOnce(source, home));
});

test.each([
  ["--plan", []],
  ["--stop-at-height", ["9"]],
])("migrate --follow and %s exclude each other", async (option, value) => {
  const { exit, stderr } = await run([
    ...["migrate", "--follow", option, ...value, ...migrateOptions(source.network)],
    ...["--source-db", source.database.url, "--target-db", target.url],
  ]);
  expect(exit).toBe(64);
  expect(stderr).toContain(`${option} and --follow exclude each other`);
});

test.each([
  [
    "a living source",
    { source: { dumps: "./dumps/" } },
    "or source.blocks: true to follow block files",
  ],
  ["a target of its own", { target: { store: "./store/" } }, "set target.database"],
])("a configuration must name %s", async (_what, more, hint) => {
  const following = await startFollowing(followed(more));
  await expect(following.ended).rejects.toMatchObject({
    exit: "config",
    hint: expect.stringContaining(hint),
  });
});
