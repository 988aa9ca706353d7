import { stageLaws } from "@forklift/testkit";
import { type CopyContext, copySets, removeCopied } from "../../src/stages/copy-sets.ts";
import { openSets } from "./sets-sandbox.ts";

const open = (heights: readonly number[]) => openSets<CopyContext>(heights, (context) => context);

stageLaws({
  makes: "a whole",
  stage: copySets,
  openSandbox: () => open([10, 20]),
  empty: { openSandbox: () => open([]), ends: "well" },
  wrongInputs: {},
  damage: {
    removed: async ({ file, remove }) => remove(await file("to", "dump")),
    added: async ({ file, append }) => append(await file("to", "dump")),
    altered: async ({ file, flip }) => flip(await file("to", "dump")),
  },
});

stageLaws({
  makes: "a whole",
  stage: removeCopied,
  openSandbox: () => open([10, 20]),
  empty: { openSandbox: () => open([]), ends: "well" },
  wrongInputs: {},
  // Of what is gone nothing can be taken or altered.
  damage: {
    added: async ({ file, append }) => append(await file("from", "manifest")),
  },
});
