// @module-tag only-in-all

import { rm } from "node:fs/promises";
import { SourceDataError, VerificationError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { emptySource } from "../../../apps/migrator/test/migration-sandbox.ts";
import { publishSet } from "../../src/stages/publish-set.ts";
import { appendByte, flipByte, jobAfter, openJob } from "./job-sandbox.ts";

const CHECKPOINT = /-checkpoint-\d+\.json$/;

stageLaws({
  makes: "a whole",
  stage: publishSet,
  openSandbox: async () => openJob(await jobAfter("verify-target")),
  empty: {
    openSandbox: async () =>
      openJob({ ...(await jobAfter("verify-target")), source: await emptySource() }),
    ends: SourceDataError,
  },
  wrongInputs: {
    "a target that was written to after it was verified": {
      spoil: ({ changeTarget }) => changeTarget("update blocks set height = height"),
      error: VerificationError,
    },
  },
  damage: {
    removed: async ({ stored }) => rm((await stored(CHECKPOINT))[0]!),
    added: async ({ stored }) => appendByte((await stored(CHECKPOINT))[0]!),
    altered: async ({ stored }) => flipByte((await stored(CHECKPOINT))[0]!),
  },
});
