// Step 1 of a job: the newest dump of the old archive, restored into a database of the job's own.

import { requireSchema } from "@forklift/archive";
import type { WholeStage } from "@forklift/pipeline";
import type { JobWorld } from "../job-world.ts";
import { restoredRows, restoreObject } from "../restore-object.ts";

interface Plan {
  readonly dump: string;
  /** Of the packed file. */
  readonly bytes: bigint;
}

export const restoreSource: WholeStage<JobWorld, Plan> = {
  id: "restore-source",
  kind: "whole",

  async plan({ sourceDump, source }) {
    if (sourceDump === null) {
      return { skip: `the live archive ${source.maskedUrl} is read directly` };
    }
    return { dump: sourceDump.name, bytes: sourceDump.bytes };
  },

  async run({ sourceDump, sourceUrl }, _plan, watch) {
    const { store, name } = sourceDump!;
    return await restoreObject(sourceUrl, { store, name }, watch);
  },

  /** @throws ConfigError that says what the dump is of, when it is no pre-fork archive of our release. */
  async verify({ source }) {
    await requireSchema(source, { role: "source", era: "mainnet" });
    return await restoredRows(source);
  },
};
