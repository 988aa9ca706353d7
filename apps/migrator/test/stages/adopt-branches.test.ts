// @module-tag only-in-all

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { adoptBranches } from "../../src/stages/adopt-branches.ts";
import { emptySource, openMigration, targetOfFirstNight } from "../migration-sandbox.ts";

/** Between both nights pending blocks have become canonical and orphaned. */
async function openSecondNight() {
  return await openMigration(null, { history: "all", target: await targetOfFirstNight() });
}

stageLaws({
  makes: "rows",
  stage: adoptBranches,
  openSandbox: openSecondNight,
  empty: {
    openSandbox: async () =>
      openMigration("create-schema", { history: "all", source: await emptySource() }),
    ends: SourceDataError,
  },
  wrongInputs: {
    "a tip that the source's chain does not go through": {
      spoil: ({ changeTarget }) =>
        changeTarget(
          `update blocks set state_hash = '3NKanother' where id =
             (select id from blocks where chain_status = 'canonical' order by height desc limit 1)`,
        ),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }) =>
      changeTarget(
        `update blocks set chain_status = 'orphaned' where id =
           (select id from blocks where chain_status = 'canonical' order by height desc limit 1)`,
      ),
    added: ({ changeTarget }) =>
      changeTarget(
        `create temp table twin as select * from blocks where height = 20 and chain_status = 'canonical';
         update twin set id = 9999, state_hash = 'a stray block';
         insert into blocks select * from twin`,
      ),
    altered: ({ changeTarget }) =>
      changeTarget(
        `update blocks set parent_id = (select id from blocks where height = 2 and chain_status = 'canonical')
         where id = (select id from blocks where chain_status = 'canonical' order by height desc limit 1)`,
      ),
  },
  foreignMarks: {
    "a mark above the target's chain": { height: "9999", stateHash: "3NKanother" },
  },
});
