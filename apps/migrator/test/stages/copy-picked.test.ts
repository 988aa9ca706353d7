// The copy keeps the laws of stages without an archive, too.
// @module-tag only-in-all

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { copyBlocks } from "../../src/stages/copy-blocks.ts";
import { canonicalBlock, openFiles, openFilesOfGenesis } from "../origin/files-sandbox.ts";
import { DAMAGED_COPY, FOREIGN_MARKS_OF_COPY } from "./damaged-copy.ts";

stageLaws({
  makes: "rows",
  stage: copyBlocks,
  openSandbox: () => openFiles("pick-chain"),
  empty: {
    openSandbox: openFilesOfGenesis,
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
  damage: DAMAGED_COPY,
  foreignMarks: FOREIGN_MARKS_OF_COPY,
});
