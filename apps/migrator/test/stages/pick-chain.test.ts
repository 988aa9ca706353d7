// Picking a chain keeps the laws of stages.
// @module-tag only-in-all

import { SourceDataError, UsageError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { pickChainStage } from "../../src/stages/pick-chain.ts";
import { openFiles, openFilesOfGenesis } from "../origin/files-sandbox.ts";

/** A state hash of no block. */
const NOWHERE = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

stageLaws({
  makes: "rows",
  stage: pickChainStage,
  openSandbox: () => openFiles("create-schema"),
  empty: {
    openSandbox: openFilesOfGenesis,
    ends: "well",
  },
  wrongInputs: {
    "a hole in the chain": {
      spoil: ({ removeBlockFiles }) => removeBlockFiles(40),
      error: SourceDataError,
    },
    "a block file that is another's": {
      spoil: ({ changeBlockFile }) => changeBlockFile(60, "{}"),
      error: SourceDataError,
    },
    "a tip that no place lists": {
      spoil: async ({ endIn }) => endIn(NOWHERE),
      error: UsageError,
    },
  },
  damage: {
    removed: ({ changeTarget }) =>
      changeTarget("delete from forklift.picked_chain where height = 40"),
    added: ({ changeTarget }) =>
      changeTarget("insert into forklift.picked_chain values (900, 'a stray block')"),
    altered: ({ changeTarget }) =>
      changeTarget("update forklift.picked_chain set state_hash = 'another' where height = 40"),
  },
  foreignMarks: {
    "a mark of another chain": { height: "30", stateHash: "3NKanother", digest: "0".repeat(64) },
    "a mark without a digest": { height: "30", stateHash: "3NKanother" },
  },
});
