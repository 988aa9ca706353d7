// A block beside the chain that the migration has copied and the target lost before it was verified: where the source
// cannot have gained it meanwhile, its absence is a difference, and that of one left out by name is none.
// @module-tag only-in-all

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openContext, runInTarget } from "@forklift/context";
import { VerificationError, type Watch } from "@forklift/pipeline";
import { sharedSnapshot } from "@forklift/postgres";
import { openTestDatabase } from "@forklift/testkit";
import { expect, test } from "vitest";
import { followConfigOf } from "../../src/context/follow-config.ts";
import type { FollowContext } from "../../src/context/follow-context.ts";
import { openFollowContext, openFollowed } from "../../src/context/follow-context.ts";
import type { JobContext } from "../../src/context/job-context.ts";
import { cycle } from "../../src/run/recipes/follow.ts";
import { readReport } from "../../src/stages/verification-report.ts";
import { verifyFollowed } from "../../src/stages/verify-followed.ts";
import { verifyTarget } from "../../src/stages/verify-target.ts";
import { changeInDatabase, openLivingSource } from "./living-source.ts";
import { followedConfig, quietEnvironment, WIDE_LIMITS } from "./quiet-follow.ts";

const HEIGHT = 30;

/** The highest orphan without a child, which is taken away with its rows. */
const LOSE_ONE = `
  create temp table lost as
    select id from blocks b where chain_status = 'orphaned'
      and not exists (select from blocks child where child.parent_id = b.id)
    order by height desc, state_hash limit 1;
  delete from accounts_created where block_id in (select id from lost);
  delete from accounts_accessed where block_id in (select id from lost);
  delete from blocks_user_commands where block_id in (select id from lost);
  delete from blocks_internal_commands where block_id in (select id from lost);
  delete from blocks where id in (select id from lost)`;

const SPOIL_LOWEST = `
  delete from blocks_internal_commands where block_id =
    (select b.id from blocks b where chain_status = 'orphaned'
       and not exists (select from blocks child where child.parent_id = b.id)
     order by height, state_hash limit 1)`;

const COMPLETE_CYCLE = cycle({ history: "complete", isFromBlocks: false });

test("is a difference of a cycle and of a job on a dump, not of a job on a living archive", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-lost-orphan-"));
  await using source = await openLivingSource();
  await using target = await openTestDatabase();
  await source.live(HEIGHT);
  await changeInDatabase(source.database, SPOIL_LOWEST);
  const { folder } = source.network;
  const places = { folder, home, sourceUrl: source.database.url, targetUrl: target.url };
  const config = followedConfig(places, { history: "complete" });
  const environment = quietEnvironment();
  await using opened = openContext(environment);
  const followed = await openFollowed(opened, followConfigOf(config), environment);
  const { signal, now } = environment;
  const context = await openFollowContext(opened, followed, { limits: WIDE_LIMITS, signal, now });
  await sharedSnapshot([context.source!, context.checks!], async () => {
    await runInTarget(COMPLETE_CYCLE, context, environment);
    expect(await lackedIn(context)).toBe(1);

    // Nothing is new: what was left out is named again, and all of it.
    await runInTarget(COMPLETE_CYCLE, context, environment);
    expect(await lackedIn(context)).toBe(1);

    await changeInDatabase(target, LOSE_ONE);
    const lost = runInTarget([verifyFollowed], context, environment);
    await expect(lost).rejects.toBeInstanceOf(VerificationError);
    expect(await failedIn(context)).toContain("branches-complete");

    const job = { ...context, source: context.checks } as unknown as JobContext;
    const plan = { anchor: await anchorOf(context), proven: null };
    const watch: Watch = { signal, progress: () => undefined };
    const ofDump = { ...job, sourceDump: { name: "a dump" } } as JobContext;
    await expect(verifyTarget.run(ofDump, plan, watch)).rejects.toBeInstanceOf(VerificationError);
    expect(await failedIn(context)).toContain("branches-complete");

    await verifyTarget.run({ ...job, sourceDump: null }, plan, watch).catch(() => undefined);
    expect(await failedIn(context)).not.toContain("branches-complete");
    expect(await lackedIn(context)).toBe(2);
  });
  await rm(home, { recursive: true, force: true });
});

async function anchorOf({ checks }: FollowContext) {
  const [row] = await checks!.query<{ height: string; state_hash: string }>(
    "select height, state_hash from blocks where chain_status = 'canonical' order by height desc limit 1",
  );
  const stateHash = row!.state_hash as never;
  return { height: BigInt(row!.height), stateHash, vouchedBy: "source" as const };
}

/** How many blocks beside the chain the target lacks. */
async function lackedIn(context: FollowContext) {
  return (await readReport(context)).beside!.missing;
}

async function failedIn(context: FollowContext): Promise<string[]> {
  const { checks } = await readReport(context);
  return checks.filter(({ ok }) => !ok).map(({ id }) => id);
}
