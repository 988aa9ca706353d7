// The preflight keeps the laws of stages.
// @module-tag only-in-all

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { preflight } from "../../src/stages/preflight.ts";
import { emptySource, openMigration } from "../migration-sandbox.ts";

stageLaws({
  makes: "nothing",
  stage: preflight,
  openSandbox: () => openMigration(null),
  empty: {
    openSandbox: async () => openMigration(null, { source: await emptySource() }),
    ends: SourceDataError,
  },
  wrongInputs: {
    "a target of somebody else": {
      spoil: ({ changeTarget }) => changeTarget("create table accounts (balance numeric)"),
      error: ConfigError,
    },
    "a source of another network": {
      spoil: ({ changeSource }) =>
        changeSource("update blocks set state_hash = '3NKgenesis' where height = 1"),
      error: ConfigError,
    },
    "a source of another schema": {
      spoil: ({ changeSource }) => changeSource("drop table blocks_internal_commands"),
      error: ConfigError,
    },
    "a block without its parent": {
      spoil: ({ changeSource }) =>
        changeSource(
          `update blocks set chain_status = 'orphaned', parent_id = null where height = 30
           and chain_status = 'canonical'`,
        ),
      error: SourceDataError,
    },
  },
  damage: {
    removed: ({ changeSource }) =>
      changeSource("update blocks set parent_hash = state_hash where height = 20"),
    altered: ({ changeSource }) =>
      changeSource(
        `update blocks set parent_hash = (select state_hash from blocks where height = 3 limit 1)
         where height = 20`,
      ),
  },
});
