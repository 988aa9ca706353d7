// Taking an archive back to a height: as a migration and a replay to there would have left it.

import { copyFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  changeDatabase,
  contentsOf,
  digestsOf,
  filesIn,
  inProcess,
  interruptRun,
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../src/commands/index.ts";
import { expectSameFiles, newest } from "./checkpoints-in.ts";
import { MIDDLE, marksOf, migrate, replay, TOP, test } from "./replayed-archive.ts";

const { run, runJson, expectRefusal } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("on real mainnet blocks", () => {
  describe.concurrent("unwind", () => {
    interface Unwound {
      readonly rows: Readonly<Record<string, number>>;
      readonly filesToRemove: readonly string[];
      readonly checkpointToWrite: string | null;
    }

    const unwind = (target: TestDatabase, height: number, ...more: string[]) => [
      ...["unwind", "--target-db", target.url, "--to-height", String(height), ...more],
    ];
    const countsOf = async (database: TestDatabase) =>
      Object.entries(await contentsOf(database)).map(
        ([table, content]) => [table.replace("public.", ""), Number.parseInt(content, 10)] as const,
      );

    test("leaves what a migration that stopped there leaves, and what it planned", {
      tags: ["only-in-all"],
    }, async ({
      replayed: { top, topDigests, middleDigests, middleMarks, topFolder, middleFolder },
      newFolder,
    }) => {
      await using target = await openTestDatabase(top);
      const folder = await newFolder();
      // Another checkpoint of the height, and those above: as a replay at once has left them.
      for (const name of await readdir(topFolder)) {
        await copyFile(path.join(topFolder, name), path.join(folder, name));
      }
      await changeDatabase(
        target,
        `insert into forklift.progress_mark (stage, cursor) values
           ('verify-target', '{"height": "${TOP}", "stateHash": "x", "digests": {}}')`,
      );
      const [contents, files] = [await contentsOf(target), await filesIn(folder)];
      const before = new Map(await countsOf(target));
      const to = [String(MIDDLE), "--checkpoints", folder];
      const plan = await runJson<Unwound>(unwind(target, MIDDLE, "--plan", ...to.slice(1)));
      expect(await contentsOf(target)).toEqual(contents);
      expect(await filesIn(folder)).toEqual(files);
      expect(plan.rows["blocks"]).toBe(TOP - MIDDLE);
      expect(plan.rows["public_keys"]).toBeGreaterThan(0);

      const done = await runJson<Unwound>(unwind(target, MIDDLE, ...to.slice(1)));
      expect(done.rows).toEqual(plan.rows);
      expect(await digestsOf(target)).toEqual(middleDigests);
      for (const [table, count] of await countsOf(target)) {
        if (!(table in plan.rows)) continue;
        expect([table, before.get(table)! - count]).toEqual([table, plan.rows[table]]);
      }
      expect(plan.checkpointToWrite).toBe(path.basename(await newest(middleFolder)));
      await expectSameFiles(await newest(folder), await newest(middleFolder));
      expect(await marksOf(target)).toEqual(middleMarks);

      // It is a target like any other: indexes and foreign keys, next migration and replay.
      await migrate(target, TOP);
      await runJson(replay(target, folder));
      expect(await digestsOf(target)).toEqual(topDigests);
      await expectSameFiles(await newest(folder), await newest(topFolder));
    });

    test("killed in the middle leaves before or after, and ends when run again", {
      tags: ["only-in-all"],
    }, async ({ replayed: { top, middleDigests }, newFolder }) => {
      await using target = await openTestDatabase(top);
      const folder = await newFolder();
      const args = unwind(target, MIDDLE, "--checkpoints", folder, "--log-json");
      const before = await contentsOf(target);
      await using session = await openTestSession(target);
      // Holds the deletion where it is half done, so that the kill meets it there.
      await session.query("begin; lock table voting_for in share mode");
      const { exit } = await interruptRun(
        args,
        {
          signal: "SIGKILL",
          line: /deleting the blocks above/,
        },
        "forklift-replayer",
      );
      await session.query("rollback");
      expect(exit).toBeNull();
      expect(await contentsOf(target)).toEqual(before);
      for (;;) {
        const ran = await run(args);
        if (ran.exit === 0) break;
        expect(ran.stderr).toContain("is locked by");
      }
      expect(await digestsOf(target)).toEqual(middleDigests);
    });

    test("is refused above the tip, below genesis, beside another run, over what a node wrote", {
      tags: ["only-in-all"],
    }, async ({ replayed: { top }, newFolder }) => {
      await using target = await openTestDatabase(top);
      await using session = await openTestSession(target);
      const before = await contentsOf(target);
      for (const height of [TOP + 1, 0]) {
        const says = [`--to-height ${height} is not among the heights 1 to ${TOP}`];
        await expectRefusal(unwind(target, height), { exit: 64, says, next: "the tip 3N" });
      }
      const key = BigInt(`0x${Buffer.from("forklift").toString("hex")}`);
      await session.query("select pg_advisory_lock($1)", [key]);
      await expectRefusal(unwind(target, MIDDLE), {
        exit: 75,
        says: ["is locked by"],
        next: "wait",
      });
      await session.query("select pg_advisory_unlock($1)", [key]);
      const folder = await newFolder();
      await writeFile(path.join(folder, "mainnet-set-120-3N.json"), "{}");
      await expectRefusal(unwind(target, MIDDLE, "--checkpoints", folder), {
        exit: 78,
        says: ["holds published sets"],
        next: "--checkpoints",
      });
      expect(await contentsOf(target)).toEqual(before);
      await session.query(
        `with later as (insert into protocol_versions (transaction, network, patch) values (3, 0, 0) returning id)
         update blocks set protocol_version_id = (select id from later) where height = ${TOP}`,
      );
      await expectRefusal(unwind(target, MIDDLE), {
        exit: 78,
        says: [`at height ${TOP}`, "no migration has written"],
        next: "restore a published set",
      });
    });
  });
});
