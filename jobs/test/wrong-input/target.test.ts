// A target that a job is given, or finds altered: taken back where the job made it, and reported where it
// is verified.

import { databaseExists, urlWithDatabase } from "@forklift/postgres";
import {
  byName,
  changedCopy,
  contentsOf,
  inProcess,
  isMainnetDataMissing,
  LEDGER,
  MAINNET,
  type Refusal,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { test } from "./fixture.ts";

const { expectRefusal } = inProcess(forklift);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a target", () => {
    const ORPHANED_ANCESTOR = `update blocks set chain_status = 'orphaned'
      where height = 40 and chain_status = 'canonical'`;

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
      { tags: ["only-in-all"] },
      async (
        [_name, { sql = "select 1", config = {}, ...refusal }],
        { archive, configFile, newFolder },
      ) => {
        await using source = await archive.changedSource(sql);
        const database = urlWithDatabase(source.url, `${source.name}_target`);
        const target = { store: await newFolder(), database };
        const changes = { source: { database: source.url }, target, ...config };
        await expectRefusal(["prime", "--config", await configFile(changes)], refusal);
        expect(await databaseExists(database)).toBe(false);
      },
    );
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
