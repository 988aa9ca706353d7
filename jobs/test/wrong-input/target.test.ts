// A target that is somebody else's, away, in use or altered: said, and left as it is.

import { databaseExists, lockDatabase, urlWithDatabase } from "@forklift/postgres";
import {
  isMainnetDataMissing,
  MAINNET,
  openPlainRole,
  openTestDatabase,
  openTestSession,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { contentsOf } from "../contents.ts";
import { changedCopy } from "../small-archive.ts";
import { CLOSED_PORT, expectUntouched, LEDGER, replay, test } from "./fixture.ts";
import { byName, expectRefusal, type Refusal } from "./refusal.ts";

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a target", () => {
    test("with tables of somebody else is refused", async ({ migration }) => {
      await using target = await changedCopy(
        await openTestDatabase(),
        "create table unrelated (id int); insert into unrelated values (1)",
      );
      await expectUntouched(target, migration({ target: target.url }), {
        exit: 78,
        says: ["the target", target.name, "holds no archive that we know", "it lacks"],
        next: "give the URL of a Berkeley archive",
      });
    });

    test("that is half made is refused with what it lacks", async ({ migration, primed }) => {
      await using target = await changedCopy(primed, "drop table accounts_created");
      await expectUntouched(target, migration({ target: target.url }), {
        exit: 78,
        says: [
          target.name,
          "half-made archive: of a Berkeley archive it lacks table accounts_created,",
        ],
        next: "make it anew",
      });
    });

    test("that the role may not write is refused before the first write", async ({
      migration,
      primed,
    }) => {
      await using target = await openTestDatabase(primed);
      await using role = await openPlainRole(target, [
        "grant usage on schema forklift to ROLE",
        "grant select on all tables in schema public, forklift to ROLE",
      ]);
      await expectUntouched(
        target,
        migration({ target: role.url, more: ["--stop-at-height", "70"] }),
        {
          exit: 78,
          says: [target.name, `does not let role ${role.name} insert into blocks`],
          next: "give the role that owns its tables",
        },
      );
    });

    interface Changed {
      readonly name: string;
      readonly sql: string;
      readonly says: readonly (string | RegExp)[];
    }

    const WITHOUT_40 = `
      update blocks set parent_id = null where parent_id = (select id from blocks where height = 40);
      delete from blocks_user_commands where block_id = (select id from blocks where height = 40);
      delete from blocks_internal_commands where block_id = (select id from blocks where height = 40);
      delete from accounts_accessed where block_id = (select id from blocks where height = 40);
      delete from accounts_created where block_id = (select id from blocks where height = 40);
      delete from blocks where height = 40`;
    const foundBlocks = (count: number, fault: number) =>
      `has ${count} canonical blocks up to its tip at height 60, expected 60, one at each height: the ` +
      `first fault is at height ${fault}`;

    test.for(
      byName<Changed>([
        {
          name: "lost a block in the middle",
          sql: WITHOUT_40,
          says: [foundBlocks(59, 40)],
        },
        {
          name: "lost a block and has another twice",
          sql: `${WITHOUT_40};
                insert into blocks
                select (jsonb_populate_record(b, '{"id": 1000, "state_hash": "3NTwin"}')).*
                from blocks b where height = 50`,
          says: [foundBlocks(60, 40)],
        },
        {
          name: "has a tip that is not canonical",
          sql: "update blocks set chain_status = 'pending' where height = 60",
          says: [foundBlocks(59, 60)],
        },
        {
          name: "lost a genesis account",
          sql: "delete from accounts_accessed where ledger_index = 5 and block_id = 1",
          says: ["after 5 of them comes ledger index 6, expected 5"],
        },
        {
          name: "has a genesis account too many",
          sql: `insert into accounts_accessed
                select (jsonb_populate_record(a, '{"block_id": 1}')).*
                from accounts_accessed a
                where ledger_index = (select max(ledger_index) from accounts_accessed)
                limit 1`,
          says: [/after 1676 of them comes ledger index 1\d{3}, expected no further one/],
        },
      ]),
    )(
      "that another program changed is refused: it %s",
      async ([_name, { sql, says }], { migration, primed }) => {
        await using target = await changedCopy(primed, sql);
        for (const more of [[], ["--stop-at-height", "70"]]) {
          await expectUntouched(target, migration({ target: target.url, more }), {
            exit: 78,
            says: [target.name, ...says],
            next: "the target was changed by another program; start again from an empty target",
          });
        }
      },
    );

    const ORPHANED_ANCESTOR = `update blocks set chain_status = 'orphaned'
      where height = 40 and chain_status = 'canonical'`;

    interface Migrated extends Refusal {
      readonly name: string;
      readonly sql?: string;
      readonly blocks?: string;
      readonly more?: readonly string[];
    }

    test.for(
      byName<Migrated>([
        {
          name: "a stop point that nobody knows",
          more: ["--fork-state-hash", MAINNET.tip],
          exit: 65,
          says: [`the source has no block ${MAINNET.tip}`],
          next: "check the hash",
        },
        {
          name: "a source with a fault",
          sql: ORPHANED_ANCESTOR,
          exit: 65,
          says: ["at height 40 is orphaned, but it is an ancestor"],
          next: "repair these rows",
        },
        {
          name: "blocks that are nowhere",
          blocks: "/nowhere",
          exit: 78,
          says: ["is not a folder"],
          next: "check the path",
        },
      ]),
    )(
      "that a migration made is taken back after %s",
      async ([_name, { sql = "select 1", blocks, more = [], ...refusal }], {
        archive,
        migration,
      }) => {
        await using source = await archive.changedSource(sql);
        const target = urlWithDatabase(source.url, `${source.name}_target`);
        const args = { source: source.url, target, more };
        await expectRefusal(migration(blocks === undefined ? args : { ...args, blocks }), refusal);
        expect(await databaseExists(target)).toBe(false);
      },
    );

    interface Primed extends Refusal {
      readonly name: string;
      readonly sql?: string;
      readonly config?: object;
    }

    test.for(
      byName<Primed>([
        {
          name: "a source with a fault",
          sql: ORPHANED_ANCESTOR,
          exit: 65,
          says: ["at height 40 is orphaned, but it is an ancestor"],
          next: "repair these rows",
        },
        {
          name: "a trusted block that is not on the chain",
          config: { trustedStateHash: MAINNET.tip },
          exit: 20,
          says: [`the trusted block ${MAINNET.tip} is not on the source's chain up to 3N`],
          next: "check the hash",
        },
      ]),
    )(
      "that a job made is taken back after %s",
      async ([_name, { sql = "select 1", config = {}, ...refusal }], {
        archive,
        configFile,
        newFolder,
      }) => {
        await using source = await archive.changedSource(sql);
        const database = urlWithDatabase(source.url, `${source.name}_target`);
        const target = { store: await newFolder(), database };
        const changes = { source: { database: source.url }, target, ...config };
        await expectRefusal(["prime", "--config", await configFile(changes)], refusal);
        expect(await databaseExists(database)).toBe(false);
      },
    );

    test("in the other form than the asked one is refused", async ({ migration, primed }) => {
      await using target = await openTestDatabase(primed);
      await expectUntouched(
        target,
        migration({ target: target.url, more: ["--official-vrf-output"] }),
        {
          exit: 78,
          says: ["has last_vrf_output in our own form, this run is to write the official form"],
          next: "run without --official-vrf-output",
        },
      );
    });

    test("that holds nothing cannot be replayed", async () => {
      await using target = await openTestDatabase();
      await expectRefusal(["replay", "--target-db", target.url, "--checkpoint", "/nowhere.json"], {
        exit: 78,
        says: ["the target", "holds an empty database, expected a Berkeley archive"],
        next: "give the URL of a Berkeley archive",
      });
    });

    test("whose server is away may be there later", async () => {
      await expectRefusal(["replay", "--target-db", CLOSED_PORT, "--checkpoint", "/c.json"], {
        exit: 75,
        says: ["ECONNREFUSED"],
        next: "run the same command again",
      });
    });

    test("that another run has locked may be free later", async ({
      ahead,
      checkpoint,
      newFolder,
    }) => {
      await using target = await openTestDatabase(ahead);
      await using other = await openTestSession(target);
      await lockDatabase(other);
      await expectUntouched(target, replay(target, await newFolder(), checkpoint), {
        exit: 75,
        says: [target.name, 'is locked by "forklift test" (server process'],
        next: "wait for that run to end",
      });
    });
  });

  test("a verification of an altered target prints the whole report", async ({
    archive,
    primed,
  }) => {
    await using target = await changedCopy(
      primed,
      `update blocks_user_commands set sequence_no = sequence_no + 1
       where block_id = (select id from blocks where height = 40);
       update accounts_accessed set balance = (balance::numeric + 1)::text
       where block_id = (select id from blocks where height = 60)`,
    );
    const args = [
      ...["verify", "--source-db", archive.source.url, "--target-db", target.url],
      ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER, "--full", "--json"],
    ];
    const before = await contentsOf(target);
    const { stdout } = await expectRefusal(args, {
      exit: 20,
      says: [
        /user-commands-equal: \w+ height 40\b/,
        /ledger-hash-at-every-block: blocks height 60, .* ledger_hash is j\w+, expected j\w+/,
      ],
      next: "do not publish this target",
    });
    const report = JSON.parse(stdout) as { ok: boolean; checks: { id: string; ok: boolean }[] };
    expect(report.ok).toBe(false);
    expect(report.checks.filter(({ ok }) => ok).length).toBeGreaterThan(5);
    expect(await contentsOf(target)).toEqual(before);
  });
});
