// The verification of a cycle of follow keeps the laws of stages.
// @module-tag only-in-all

import { ConfigError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { targetAfter } from "../../../apps/migrator/test/migration-sandbox.ts";
import { verifyFollowed } from "../../src/stages/verify-followed.ts";
import { type JobSandboxOptions, jobAfter, openJob } from "./job-sandbox.ts";
import { WRONG_IN_EVERY_VERIFICATION } from "./wrong-inputs.ts";

/** One session on the source both copies and compares. */
async function openCycle(options: JobSandboxOptions) {
  const sandbox = await openJob(options);
  return {
    ...sandbox,
    async open(...args: Parameters<typeof sandbox.open>) {
      const opened = await sandbox.open(...args);
      const { source, sourceUrl, ...context } = opened.context;
      return {
        context: {
          ...{ ...context, source: source!, sourceUrl: sourceUrl! },
          checks: source!,
          pauseSource: () => Promise.resolve(),
        },
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    },
  };
}

stageLaws({
  makes: "nothing",
  stage: verifyFollowed,
  openSandbox: async () => openCycle(await jobAfter("replay")),
  empty: {
    openSandbox: async () => openCycle({ target: await targetAfter("create-schema") }),
    ends: ConfigError,
  },
  wrongInputs: WRONG_IN_EVERY_VERIFICATION,
  damage: {},
});
