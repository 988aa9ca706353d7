// `follow` while things go away and come back: the server of the source restarts, the bucket of blocks goes
// away, the target's sessions are ended; and a block whose file is missing.
// @module-tag only-in-all

import { chmod, cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Server, startServer, urlWithDatabase } from "@forklift/postgres";
import { inProcess, openTestDatabase, serverUrl, type TestDatabase } from "@forklift/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { openBlockBucket } from "./block-bucket.ts";
import { type Following, startFollowing } from "./following.ts";
import {
  changeInDatabase,
  digestsAtOnce,
  digestsOf,
  type LivingSource,
  livingNetwork,
  openLivingSource,
  provenHeightOf,
} from "./living-source.ts";

const { runJson } = inProcess(forklift);

/** A machine that does other things, too, takes seconds for a cycle. */
const POLL = { timeout: 120_000, interval: 50 };

let home: string;
let server: Server;
let source: LivingSource;
let target: TestDatabase;

const startSource = () => startServer({ binaries: "auto", keptIn: path.join(home, "pg") });

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-outages-"));
  // A server of our own may run as another user.
  await chmod(home, 0o755);
  server = await startSource();
  const url = urlWithDatabase(server.url, "living");
  const { dumps } = await livingNetwork();
  await runJson(["restore", "--dump", dumps[0]!, "--db", url]);
  source = await openLivingSource({ url, name: "living", async [Symbol.asyncDispose]() {} });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});
beforeEach(async () => {
  target = await openTestDatabase();
});
afterEach(() => target[Symbol.asyncDispose]());

const reaches = (height: number) => expect.poll(() => provenHeightOf(target), POLL).toBe(height);

const followed = (blocks: string) => ({
  ...{ home, network: source.network, sourceUrl: source.database.url, targetUrl: target.url },
  blocks,
});

test("whatever goes away is waited for, and the rows are those of a migration at once", async () => {
  await using bucket = await openBlockBucket(path.join(source.network.folder, "blocks"));
  await source.live(8);
  const following = await startFollowing(followed(bucket.url));
  const waits = () => following.told.filter(({ msg }) => msg.startsWith("waiting, since")).length;
  /** Until a cycle has met it. */
  const isMet = async () => {
    const before = waits();
    await expect.poll(waits, POLL).toBeGreaterThan(before);
    expect(await following.page("readyz")).toMatchObject({
      status: 503,
      text: expect.stringMatching(/^waiting: /),
    });
  };
  await reaches(8);

  await server[Symbol.asyncDispose]();
  await isMet();
  server = await startSource();
  await source.live(12);
  await reaches(12);
  await expect.poll(async () => (await following.page("readyz")).status, POLL).toBe(200);

  await bucket.goAway();
  await source.live(16);
  await isMet();
  await bucket.comeBack();
  await reaches(16);

  await changeInDatabase(
    { url: serverUrl() },
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${target.name}'`,
  );
  for (let height = 17; height <= source.end; height++) {
    await source.live(height);
    if (height % 5 === 0) await reaches(height);
  }
  await caughtUp(following, source.end);
  following.stop();
  expect((await following.ended).last).toMatchObject({ height: source.end, lagBlocks: 0 });

  // Another process finds nothing to do, and looks at all the same.
  const again = await startFollowing(followed(bucket.url));
  await expect
    .poll(() => again.told.map(({ msg }) => msg), POLL)
    .toContain("the target has caught up");
  again.stop();
  expect(await again.ended).toMatchObject({ waits: 0, last: { height: source.end } });

  expect(await digestsOf(target)).toEqual(await digestsAtOnce(source, home));
});

test("a block whose file is missing stops the writing, and the next follow goes on", async () => {
  const blocks = path.join(home, "blocks");
  await cp(path.join(source.network.folder, "blocks"), blocks, { recursive: true });
  const missing = (await readdir(blocks)).filter((name) => name.startsWith("sample-10-"));
  for (const name of missing) await rm(path.join(blocks, name));
  await source.live(8);
  const following = await startFollowing(followed(blocks));
  await reaches(8);
  await source.live(12);
  const stopped = () => following.told.find(({ msg }) => msg.startsWith("stopped: "));
  await expect.poll(stopped, POLL).toMatchObject({ exit: 65 });
  expect(await following.page("readyz")).toMatchObject({ status: 503 });
  following.stop();
  await expect(following.ended).rejects.toMatchObject({ exit: "sourceData" });

  await cp(path.join(source.network.folder, "blocks"), blocks, { recursive: true });
  const again = await startFollowing(followed(blocks));
  await reaches(12);
  again.stop();
  expect(await again.ended).toMatchObject({ waits: 0 });
});

test("a second follow waits for as long as the first one lives, and then goes on", async () => {
  const blocks = path.join(source.network.folder, "blocks");
  await source.live(8);
  const first = await startFollowing(followed(blocks));
  await reaches(8);
  const second = await startFollowing(followed(blocks));
  const waiting = () => second.told.find(({ msg }) => msg.startsWith("waiting, since"));
  await expect.poll(waiting, POLL).toMatchObject({ hint: expect.stringContaining("wait") });
  first.stop();
  await first.ended;
  await source.live(9);
  await caughtUp(second, 9);
  second.stop();
  expect((await second.ended).last).toMatchObject({ height: 9, lagBlocks: 0 });
});

/** Also with what comes after the verification. */
async function caughtUp({ told }: Following, height: number): Promise<void> {
  const cycle = () =>
    told.find((event) => event.msg === "the target has caught up" && event["height"] === height);
  await expect.poll(cycle, POLL).toBeDefined();
}
