// `follow` on block files alone: as files come, the target goes on to the block that enough others stand on, and
// what it holds in the end is what an archive of the same network would have made.

import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { inProcess, openTestDatabase, openTestSession, type TestDatabase } from "@forklift/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { FollowSummary } from "../../src/run/follow/follow.ts";
import { type Followable, startFollowing } from "./following.ts";
import {
  digestsAtOnce,
  digestsOf,
  type LivingSource,
  openLivingSource,
  provenHeightOf,
} from "./living-source.ts";

const { run } = inProcess(forklift);

/** A machine that does other things, too, takes seconds for a cycle. */
const POLL = { timeout: 60_000, interval: 50 };

/** Of the sample. */
const FINALITY = 4;

let archive: LivingSource;
let home: string;
let blocks: string;
let target: TestDatabase;
beforeAll(async () => {
  archive = await openLivingSource();
});
afterAll(() => archive[Symbol.asyncDispose]());
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-follow-files-"));
  blocks = path.join(home, "blocks");
  await mkdir(blocks);
  target = await openTestDatabase();
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const followed = (more: Readonly<Record<string, unknown>> = {}): Followable => ({
  ...{ home, network: archive.network, targetUrl: target.url, blocks },
  ...{ sourceUrl: null, more },
});

const reaches = (height: number) => expect.poll(() => provenHeightOf(target), POLL).toBe(height);

/** Files of such blocks come; one that is there already is written once more. */
async function come(isWanted: (block: { height: number; stateHash: string }) => boolean) {
  const all = path.join(archive.network.folder, "blocks");
  for (const name of await readdir(all)) {
    const { height, stateHash } = parseBlockFileName(name)!;
    if (!isWanted({ height: Number(height), stateHash })) continue;
    await cp(path.join(all, name), path.join(blocks, name));
  }
}

/** All files go. */
async function go() {
  for (const name of await readdir(blocks)) await rm(path.join(blocks, name));
}

/** State hashes of the sample's blocks up to the end of its chain that are not on it. */
async function orphans(): Promise<{ readonly state_hash: string; readonly height: string }[]> {
  await using session = await openTestSession({ url: archive.database.url });
  return await session.query(
    `select state_hash, height from blocks b where chain_status <> 'canonical' and height <= ${archive.end}
       and not exists (select from blocks child where child.parent_id = b.id) order by height`,
  );
}

test("waits for an end, goes on as files come, and comes to the rows of an archive", async () => {
  await archive.live(archive.end);
  await come(({ height }) => height <= FINALITY);
  const following = await startFollowing(followed());
  const told = () => following.told.map(({ msg }) => msg);
  await expect
    .poll(told, POLL)
    .toContainEqual(expect.stringContaining(`no block of sample has ${FINALITY} blocks above it`));
  expect((await following.page("readyz")).status).toBe(503);
  await come(({ height }) => height <= 12);
  await reaches(12 - FINALITY);
  await come(({ height }) => height <= 13);
  await reaches(13 - FINALITY);
  await come(() => true);
  await reaches(archive.end);
  await expect.poll(told, POLL).toContain("the source has gained nothing");
  expect(await following.page("readyz")).toMatchObject({ status: 200 });
  expect((await following.page("metrics")).text).toContain(
    `forklift_follow_lag_blocks{network="sample"} 0`,
  );
  following.stop();
  const { last } = await following.ended;
  expect(last).toMatchObject({ height: archive.end, lagBlocks: 0, source: null });
  expect(await digestsOf(target)).toEqual(await digestsAtOnce(archive, home));
});

test("goes on from where it was stopped, stays where files have gone, and publishes", {
  tags: ["only-in-all"],
}, async () => {
  await archive.live(archive.end);
  await come(({ height }) => height <= 12);
  const first = await startFollowing(followed());
  await reaches(12 - FINALITY);
  first.stop();
  expect(await first.ended).toMatchObject({ waits: 0 });

  await go();
  await come(({ height }) => height > 12 - FINALITY && height <= 15);
  const second = await startFollowing(followed({ follow: { publish: "* * * * * *" } }));
  const told = () => second.told.map(({ msg }) => msg);
  await reaches(15 - FINALITY);
  await expect.poll(told, POLL).toContain("published a set");
  await go();
  const cycles = () => second.told.filter(({ lagBlocks }) => lagBlocks === 0).length;
  const before = cycles();
  await expect.poll(cycles, POLL).toBeGreaterThan(before + 1);
  expect(await provenHeightOf(target)).toBe(15 - FINALITY);
  await come(({ height }) => height > 15 - FINALITY);
  await reaches(archive.end);
  const sets = () => told().filter((message) => message === "published a set").length;
  await expect.poll(sets, POLL).toBeGreaterThanOrEqual(2);
  second.stop();
  expect(await second.ended).toMatchObject({ published: sets() });
  expect(await readdir(path.join(home, "store"))).toContainEqual(
    expect.stringContaining(`-set-${archive.end}-`),
  );
  expect(await digestsOf(target)).toEqual(await digestsAtOnce(archive, home));
});

test("an orphan whose file comes late is copied into a complete history", {
  tags: ["only-in-all"],
}, async () => {
  const [orphan] = await orphans();
  await come(({ stateHash }) => stateHash !== orphan!.state_hash);
  const following = await startFollowing(followed({ history: "complete" }));
  await reaches(archive.end);
  await using here = await openTestSession(target);
  const held = async () =>
    await here.query("select chain_status::text as status from blocks where state_hash = $1", [
      orphan!.state_hash,
    ]);
  const told = () => following.told.map(({ msg }) => msg);
  await expect.poll(told, POLL).toContain("the source has gained nothing");
  expect(await held()).toEqual([]);
  await come(({ stateHash }) => stateHash === orphan!.state_hash);
  await expect.poll(held, POLL).toEqual([{ status: "orphaned" }]);
  following.stop();
  expect(await following.ended).toMatchObject({ waits: 0 });
});

test("migrate --follow --from-blocks does the same by options alone", {
  tags: ["only-in-all"],
}, async () => {
  await archive.live(archive.end);
  await come(() => true);
  const { folder } = archive.network;
  const { exit, stdout, stderr } = await run(
    [
      ...["migrate", "--follow", "--from-blocks", "--interval", "1", "--json"],
      ...["--network", path.join(folder, "network.yaml"), "--blocks", blocks],
      ...["--genesis-ledger", path.join(folder, "genesis-ledger.json"), "--target-db", target.url],
    ],
    { stopAt: /gained nothing/ },
  );
  expect(exit, stderr).toBe(0);
  const { last } = JSON.parse(stdout) as FollowSummary;
  expect(last).toMatchObject({ height: archive.end, lagBlocks: 0, source: null });
  expect(await digestsOf(target)).toEqual(await digestsAtOnce(archive, home));
});

test.each([
  ["heal", { heal: true }, "heal: true"],
  ["what is pending", { history: "all" }, "history: all"],
])("has no archive to ask for %s", async (_what, more, says) => {
  await expect(startFollowing(followed(more)).then(({ ended }) => ended)).rejects.toMatchObject({
    message: expect.stringContaining(`${says} and source.blocks exclude each other`),
  });
});
