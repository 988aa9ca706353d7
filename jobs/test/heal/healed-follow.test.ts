// @module-tag only-in-all
// `follow` with healing on a source that is damaged while it lives: the target comes to the rows of the undamaged one.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openTestDatabase, type TestDatabase } from "@forklift/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startFollowing } from "../follow/following.ts";
import {
  changeInDatabase,
  digestsAtOnce,
  digestsOf,
  type LivingSource,
  openLivingSource,
  provenHeightOf,
} from "../follow/living-source.ts";

/** A machine that does other things, too, takes seconds for a cycle. */
const POLL = { timeout: 60_000, interval: 50 };

/** Of a block that is still pending, one command says another amount. */
const DAMAGE = `
  update user_commands set amount = amount + 1 where id = (
    select min(user_command_id) from blocks_user_commands i
    join fate.blocks f on f.id = i.block_id join blocks b on b.id = i.block_id
    join user_commands c on c.id = i.user_command_id
    where f.status = 'canonical' and b.height > 10 and c.type = 'payment')`;

let home: string;
let source: LivingSource;
let target: TestDatabase;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-healed-follow-"));
  source = await openLivingSource();
  target = await openTestDatabase();
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const followed = (more: Readonly<Record<string, unknown>>) => ({
  ...{ home, network: source.network, sourceUrl: source.database.url, targetUrl: target.url, more },
});

const reaches = (height: number) => expect.poll(() => provenHeightOf(target), POLL).toBe(height);

test("heals what is damaged when it becomes canonical, and tells of it", async () => {
  await source.live(source.end);
  const undamaged = await digestsAtOnce(source, home);
  await source.live(8);
  const following = await startFollowing(followed({ heal: true }));
  await reaches(8);
  await changeInDatabase(source.database, DAMAGE);
  await source.live(source.end);
  await reaches(source.end);
  following.stop();
  await following.ended;
  expect(await digestsOf(target)).toEqual(undamaged);
  const healed = following.told.filter(({ msg }) => msg.startsWith("healed: "));
  expect(healed).toEqual([
    expect.objectContaining({ msg: expect.stringContaining("settled by: chain") }),
  ]);
});

test("stops without the option, and its next step names it", async () => {
  await source.live(8);
  const following = await startFollowing(followed({}));
  await reaches(8);
  await changeInDatabase(source.database, DAMAGE);
  await source.live(source.end);
  const stopped = () => following.told.find(({ msg }) => msg.startsWith("stopped: "));
  await expect.poll(stopped, POLL).toMatchObject({ hint: expect.stringContaining("--heal") });
  expect(await provenHeightOf(target)).toBe(8);
  following.stop();
  await expect(following.ended).rejects.toMatchObject({ exit: "sourceData" });
});
