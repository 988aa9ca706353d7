// What every verification of a job refuses, in whatever way it opens its databases.

import { SourceDataError, VerificationError } from "@forklift/pipeline";
import type { JobSandbox } from "./job-sandbox.ts";

export const WRONG_IN_EVERY_VERIFICATION = {
  "a block that is gone": {
    spoil: ({ changeTarget }: Pick<JobSandbox, "changeTarget">) =>
      changeTarget("set session_replication_role = replica; delete from blocks where height = 30"),
    error: VerificationError,
  },
  "a source that calls no block canonical": {
    spoil: ({ changeSource }: Pick<JobSandbox, "changeSource">) =>
      changeSource("update blocks set chain_status = 'pending'"),
    error: SourceDataError,
  },
};
