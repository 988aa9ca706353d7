// A target that is foreign, unreachable, in use or altered: reported, and left as it is.
// @module-tag only-in-all

import { databaseExists, urlWithDatabase } from "@forklift/postgres";
import {
  byName,
  changedCopy,
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  openPlainRole,
  openTestDatabase,
  type Refusal,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { expectRefusal, expectUntouched } = inProcess(migrator);

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
          says: [target.name, `does not let role ${role.name} write account_identifiers, `],
          next: /^give the role that owns the tables and sequences, or grant all on all tables/,
        },
      );
    });

    interface Changed {
      readonly name: string;
      readonly sql: string;
      readonly says: readonly (string | RegExp)[];
      readonly next?: string;
    }

    const CHANGED = "the target was changed by another program; start again from an empty target";

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
          says: ["pending block", "at height 60 beside its chain: a canonical history has none"],
          next: "run with --history all, or start from an empty target",
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
      async ([_name, { sql, says, next = CHANGED }], { migration, primed }) => {
        await using target = await changedCopy(primed, sql);
        for (const more of [[], ["--stop-at-height", "70"]]) {
          await expectUntouched(target, migration({ target: target.url, more }), {
            exit: 78,
            says: [target.name, ...says],
            next,
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
  });
});
