import { cp } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { requireNewStore } from "../../src/stages/require-new-store.ts";
import { jobAfter, openJob } from "./job-sandbox.ts";

stageLaws({
  makes: "nothing",
  stage: requireNewStore,
  openSandbox: () => openJob(),
  empty: { openSandbox: () => openJob(), ends: "well" },
  wrongInputs: {
    "a store that holds a set": {
      spoil: async ({ home }) => {
        const { from } = await jobAfter("publish-set");
        await cp(path.join(from, "store"), path.join(home, "store"), { recursive: true });
      },
      error: ConfigError,
    },
  },
  damage: {},
});
