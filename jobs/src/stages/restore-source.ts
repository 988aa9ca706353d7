// Step 1 of a job: the newest dump of the old archive, restored into a database of the job's own.

import { identifySchema } from "@forklift/archive";
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

  async verify({ source }) {
    const { kind } = await identifySchema(source);
    return [
      { name: "schema of the dump", expected: "mainnet", actual: kind },
      ...(await restoredRows(source)),
    ];
  },
};
