// Indexes are built by the laws of stages.
// @module-tag only-in-all

import { ConfigError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { buildIndexesStage } from "../../src/stages/build-indexes.ts";
import { openMigration } from "../migration-sandbox.ts";

stageLaws({
  makes: "a whole",
  stage: buildIndexesStage,
  openSandbox: () => openMigration("copy-blocks"),
  empty: { openSandbox: () => openMigration("create-schema"), ends: "well" },
  wrongInputs: {
    "a target that has some of the indexes": {
      spoil: ({ changeTarget }) =>
        changeTarget("create index idx_blocks_height on blocks (height)"),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }) => changeTarget("drop index idx_blocks_height"),
    added: ({ changeTarget }) =>
      changeTarget("alter table blocks add constraint heights check (height > 0) not valid"),
    altered: ({ changeTarget }) =>
      changeTarget(
        "update pg_index set indisvalid = false where indexrelid = 'idx_blocks_height'::regclass",
      ),
  },
});
