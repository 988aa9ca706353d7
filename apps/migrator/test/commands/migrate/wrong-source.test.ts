// A source that breaks a rule, is the wrong database or is unreachable: refused before the first
// write.
// @module-tag only-in-all

import { urlWithDatabase } from "@forklift/postgres";
import {
  AHEAD_HEIGHT,
  blockFileOf,
  byName,
  CLOSED_PORT,
  contentsOf,
  inProcess,
  isMainnetDataMissing,
  openPlainRole,
  openTestDatabase,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { run, expectRefusal, expectUntouched } = inProcess(migrator);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a source", () => {
    const canonicalAt = (height: number) =>
      `(select id from blocks where height = ${height} and chain_status = 'canonical')`;

    interface Fault {
      readonly name: string;
      readonly sql: string;
      readonly says: (hashes: readonly string[]) => (string | RegExp)[];
      readonly next: (hashes: readonly string[]) => string | RegExp;
    }

    test.for(
      byName<Fault>([
        {
          name: "with a gap",
          sql: `update blocks set parent_id = null where parent_id = ${canonicalAt(50)};
              delete from blocks_user_commands where block_id = ${canonicalAt(50)};
              delete from blocks_internal_commands where block_id = ${canonicalAt(50)};
              delete from blocks where id = ${canonicalAt(50)}`,
          says: (hashes) => [
            `no canonical block at height 50: ${hashes[51]} at height 51 has parent`,
          ],
          next: (hashes) => `patch the source with ${blockFileOf(hashes, 50)}`,
        },
        {
          name: "with a broken link",
          sql: `update blocks set parent_hash =
                (select state_hash from blocks where id = ${canonicalAt(47)})
              where id = ${canonicalAt(50)}`,
          says: (hashes) => [
            `canonical block ${hashes[50]} at height 50 has parent ${hashes[47]}`,
            "which is canonical at height 47",
            `the canonical block below it is ${hashes[49]}`,
          ],
          next: (hashes) =>
            `repair these rows in the source; what they should be stands in ${blockFileOf(hashes, 50)}`,
        },
        {
          name: "with two canonical blocks at one height",
          sql: `update blocks set chain_status = 'canonical' where id =
                (select min(id) from blocks where height = 57 and chain_status = 'orphaned')`,
          says: () => ["2 canonical blocks at height 57"],
          next: () => "repair these rows",
        },
        {
          name: "with an unknown failure reason",
          sql: `update blocks_user_commands
              set status = 'failed', failure_reason = 'Moon_in_retrograde'
              where block_id = ${canonicalAt(3)}`,
          says: (hashes) => [
            `block ${hashes[3]} at height 3`,
            /failed with Moon_in_retrograde, .*: not a combination of protocol 1.x/,
          ],
          next: (hashes) => blockFileOf(hashes, 3),
        },
        {
          name: "whose chain is marked wrong",
          sql: `update blocks set chain_status = 'orphaned' where id in
                (${canonicalAt(40)}, ${canonicalAt(41)})`,
          says: (hashes) => [
            `block ${hashes[41]} at height 41 is orphaned`,
            `an ancestor of the canonical block ${hashes[42]} at height 42, and 1 more below it`,
          ],
          next: () => "repair these rows in the source; then run again",
        },
        {
          name: "that lost a command of a block",
          sql: `delete from blocks_internal_commands where sequence_no = 0
                and block_id = ${canonicalAt(30)};
                delete from blocks_user_commands where sequence_no = 0
                and block_id = ${canonicalAt(30)}`,
          says: (hashes) => [`block ${hashes[30]} at height 30 has`, "a command of it is lost"],
          next: (hashes) => blockFileOf(hashes, 30),
        },
        {
          name: "without any canonical block",
          sql: "update blocks set chain_status = 'pending'",
          says: () => ["has no canonical block"],
          next: () => "chain status was never set",
        },
      ]),
    )(
      "%s is refused before the first write",
      async ([_name, { sql, says, next }], { archive, migration }) => {
        await using source = await archive.changedSource(sql);
        await using target = await openTestDatabase();
        const { stateHashes } = archive;
        await expectRefusal(migration({ source: source.url, target: target.url }), {
          exit: 65,
          says: says(stateHashes),
          next: next(stateHashes),
        });
        expect(await contentsOf(target)).toEqual({});
      },
    );

    test("whose block is not what its protocol state says is refused", async ({
      archive,
      migration,
      primed,
    }) => {
      const sql = "update blocks set timestamp = timestamp + 1 where height = 65";
      await using source = await archive.changedSource(sql);
      await using target = await openTestDatabase(primed);
      const more = ["--stop-at-height", String(AHEAD_HEIGHT)];
      await expectUntouched(target, migration({ source: source.url, target: target.url, more }), {
        exit: 65,
        says: [
          `block ${archive.stateHashes[65]} at height 65: the source has blocks.timestamp`,
          "which hashes to that state hash, has",
        ],
        next: "repair it",
      });
    });

    test("with the schema of the target means that the URLs are swapped", async ({
      archive,
      migration,
      primed,
    }) => {
      await using target = await openTestDatabase(primed);
      const args = migration({ source: target.url, target: archive.source.url });
      await expectUntouched(target, args, {
        exit: 78,
        says: ["the source", "holds a Berkeley archive, expected a pre-fork (mainnet) archive"],
        next: "look swapped",
      });
    });

    test("that is half made is refused with what it lacks", async ({ archive, migration }) => {
      await using source = await archive.changedSource("drop table blocks_user_commands cascade");
      await using target = await openTestDatabase();
      await expectRefusal(migration({ source: source.url, target: target.url }), {
        exit: 78,
        says: [
          "the source",
          "holds a half-made archive: of a pre-fork (mainnet) archive it lacks table blocks_user_commands,",
        ],
        next: "make it anew from its beginning",
      });
      expect(await contentsOf(target)).toEqual({});
    });

    test("whose genesis block has another ledger is refused with both hashes", async ({
      archive,
      migration,
    }) => {
      await using source = await archive.changedSource(
        "update blocks set ledger_hash = (select ledger_hash from blocks where height = 30 limit 1) where height = 1",
      );
      await using target = await openTestDatabase();
      await expectRefusal(migration({ source: source.url, target: target.url }), {
        exit: 78,
        says: [/the genesis block of the source .* has ledger hash j/, "hashes to jx7buQVWFLs"],
        next: "check genesisLedger",
      });
      expect(await contentsOf(target)).toEqual({});
    });

    test("that the role may not read is refused with the grant that is missing", async ({
      archive,
      migration,
    }) => {
      await using role = await openPlainRole(archive.source, [
        "grant select on all tables in schema public to ROLE",
        "revoke select on user_commands, public_keys from ROLE",
      ]);
      await using target = await openTestDatabase();
      await expectRefusal(migration({ source: role.url, target: target.url }), {
        exit: 78,
        says: [`role ${role.name} may not read public_keys, user_commands`, "expected SELECT"],
        next: `grant select on public_keys, user_commands to ${role.name}`,
      });
      expect(await contentsOf(target)).toEqual({});
    });

    test("that the role may read but for its balances is migrated, and says so", async ({
      archive,
      migration,
      primed,
    }) => {
      await using role = await openPlainRole(archive.source, [
        "grant select on all tables in schema public to ROLE",
        "revoke select on balances, timing_info from ROLE",
      ]);
      await using target = await openTestDatabase(primed);
      const { exit, stderr } = await run(
        migration({ source: role.url, target: target.url, more: ["--stop-at-height", "61"] }),
      );
      expect(exit, stderr).toBe(0);
      expect(stderr).toContain("balances of the source, which stay behind, are not counted");
    });

    test("that is empty is refused", async ({ migration, primed }) => {
      await using source = await openTestDatabase();
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ source: source.url, target: target.url }), {
        exit: 78,
        says: [source.name, "holds an empty database, expected a pre-fork (mainnet) archive"],
        next: "give the URL of a pre-fork",
      });
    });

    test("that does not exist is refused", async ({ migration, primed }) => {
      await using target = await openTestDatabase(primed);
      const source = urlWithDatabase(target.url, "nobody_made_this");
      await expectUntouched(target, migration({ source, target: target.url }), {
        exit: 78,
        says: ['database "nobody_made_this" does not exist'],
        next: "database name",
      });
    });

    test("whose server is away may be there later", async ({ migration, primed }) => {
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ source: CLOSED_PORT, target: target.url }), {
        exit: 75,
        says: ["PostgreSQL at postgres://forklift@127.0.0.1:1/archive", "ECONNREFUSED"],
        next: "check that the server is up",
      });
    });
  });
});
