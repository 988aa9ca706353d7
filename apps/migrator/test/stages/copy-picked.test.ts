// The copy keeps the laws of stages without an archive, too.
// @module-tag only-in-all

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { copyBlocks } from "../../src/stages/copy-blocks.ts";
import { canonicalBlock, openFiles } from "../origin/files-sandbox.ts";

stageLaws({
  makes: "rows",
  stage: copyBlocks,
  openSandbox: () => openFiles("pick-chain"),
  empty: {
    openSandbox: async () => {
      const sandbox = await openFiles("create-schema");
      sandbox.endIn((await canonicalBlock("and height = 1")).stateHash);
      return sandbox;
    },
    ends: "well",
  },
  wrongInputs: {
    "a block file that is another's": {
      spoil: ({ changeBlockFile }) => changeBlockFile(7, "{}"),
      error: SourceDataError,
    },
    "a chain that is not picked": {
      spoil: ({ changeTarget }) => changeTarget("drop table forklift.picked_chain"),
      error: ConfigError,
    },
    "a chain that is picked in part": {
      spoil: ({ changeTarget }) =>
        changeTarget("delete from forklift.picked_chain where height < 9"),
      error: ConfigError,
    },
    "a picked chain that leaves a block out": {
      spoil: ({ changeTarget }) =>
        changeTarget("delete from forklift.picked_chain where height = 9"),
      error: SourceDataError,
    },
    "a picked chain of another tip": {
      spoil: async ({ endIn }) => endIn((await canonicalBlock("and height = 60")).stateHash),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }) =>
      changeTarget(
        `delete from blocks_internal_commands where block_id = (select id from blocks where height = 40);
         delete from blocks_user_commands where block_id = (select id from blocks where height = 40);
         update blocks set parent_id = null where height = 41;
         delete from blocks where height = 40`,
      ),
    added: ({ changeTarget }) =>
      changeTarget(
        `create temp table twin as select * from blocks where height = 40;
         update twin set id = 9999, state_hash = 'a stray block';
         insert into blocks select * from twin`,
      ),
    altered: ({ changeTarget }) =>
      changeTarget(
        "update blocks set parent_id = (select id from blocks where height = 20) where height = 40",
      ),
  },
  foreignMarks: {
    "a mark of another target": { height: "30", stateHash: "3NKanother" },
    "a mark of genesis in a target without a block": { height: "1", stateHash: "3NKgenesis" },
  },
});
