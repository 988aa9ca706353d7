import { SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { type VerifySetsContext, verifySets } from "../../src/stages/verify-sets.ts";
import { openSets } from "./sets-sandbox.ts";

const open = (heights: readonly number[]) =>
  openSets<VerifySetsContext>(heights, ({ store, found }) => ({ store, sets: found }));

stageLaws({
  makes: "nothing",
  stage: verifySets,
  openSandbox: () => open([10, 20]),
  empty: { openSandbox: () => open([]), ends: "well" },
  wrongInputs: {
    "a file with another byte": {
      spoil: async ({ file, flip }) => flip(await file("from", "dump")),
      error: SourceDataError,
    },
    "a file that is longer": {
      spoil: async ({ file, append }) => append(await file("from", "dump")),
      error: SourceDataError,
    },
    "a file that is gone": {
      spoil: async ({ file, remove }) => remove(await file("from", "dump")),
      error: SourceDataError,
    },
    "a torn manifest": {
      spoil: async ({ file, append }) => append(await file("from", "manifest")),
      error: SourceDataError,
    },
  },
  damage: {},
});
