// Builds the indexes and foreign keys that the first bulk load went without.

import { buildIndexes, missingIndexes } from "@forklift/archive";
import type { WholeStage } from "@forklift/pipeline";
import { countInvalidIndexes, refreshStatistics } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";

interface Plan {
  readonly indexCount: number;
}

export const buildIndexesStage: WholeStage<MigratorContext, Plan> = {
  id: "build-indexes",
  kind: "whole",

  async plan({ target }) {
    const missing = await missingIndexes(target);
    if (missing.length === 0) return { skip: "the target has its indexes and foreign keys" };
    return { indexCount: missing.length };
  },

  async run({ target }) {
    await buildIndexes(target);
    await refreshStatistics(target);
    return { rowCount: 0 };
  },

  async verify({ target }) {
    const invalid = await countInvalidIndexes(target);
    const missing = await missingIndexes(target);
    return [
      { name: "indexes and foreign keys missing", expected: "0", actual: String(missing.length) },
      { name: "indexes and foreign keys not valid", expected: "0", actual: String(invalid) },
    ];
  },
};
