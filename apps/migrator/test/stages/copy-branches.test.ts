// @module-tag only-in-all

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { copyBranches } from "../../src/stages/copy-branches.ts";
import { emptySource, openMigration } from "../migration-sandbox.ts";

/** So that the sample's few orphans take several batches. */
const SMALL_PAGES = { blocks: 3, adapt: () => undefined, pause: async () => undefined };

const ASKED = { history: "all", load: SMALL_PAGES } as const;

/** The highest block beside the chain. */
const LEAF = `(select id from blocks where chain_status <> 'canonical' order by height desc, id desc limit 1)`;

stageLaws({
  makes: "rows",
  stage: copyBranches,
  openSandbox: () => openMigration("build-indexes", ASKED),
  empty: {
    openSandbox: async () =>
      openMigration("create-schema", { ...ASKED, source: await emptySource() }),
    ends: SourceDataError,
  },
  wrongInputs: {
    "a chain that is not copied": {
      spoil: ({ changeTarget }) =>
        changeTarget(
          `delete from blocks_internal_commands where block_id = (select max(id) from blocks);
           delete from blocks_user_commands where block_id = (select max(id) from blocks);
           delete from blocks where id = (select max(id) from blocks)`,
        ),
      error: ConfigError,
    },
    "an orphan of which there are two rows": {
      spoil: ({ changeSource }) =>
        changeSource(
          `alter table blocks drop constraint blocks_state_hash_key;
           create temp table twin as select * from blocks where chain_status = 'orphaned' limit 1;
           update twin set id = 9999;
           insert into blocks select * from twin`,
        ),
      error: SourceDataError,
    },
  },
  damage: {
    removed: ({ changeTarget }) =>
      changeTarget(
        `delete from blocks_internal_commands where block_id = ${LEAF};
         delete from blocks_user_commands where block_id = ${LEAF};
         delete from blocks where id = ${LEAF}`,
      ),
    added: ({ changeTarget }) =>
      changeTarget(
        `create temp table twin as select * from blocks where chain_status = 'orphaned' limit 1;
         update twin set id = 9999, state_hash = 'a stray block';
         insert into blocks select * from twin`,
      ),
    altered: ({ changeTarget }) =>
      changeTarget(
        `update blocks set parent_id = (select id from blocks where height = 1) where id = ${LEAF}`,
      ),
  },
  foreignMarks: {
    "a mark of a stage that follows the chain": { height: "30", stateHash: "3NKanother" },
    "a mark without a number of blocks": {
      height: "30",
      stateHash: "3NKanother",
      branchBlocks: "3",
    },
  },
});
