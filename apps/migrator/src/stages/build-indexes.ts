// Builds the indexes and foreign keys that the first bulk load went without.

import { buildIndexes, missingIndexes, refreshStatistics } from "@forklift/archive";
import type { WholeStage } from "@forklift/pipeline";
import type { MigratorWorld } from "../world.ts";

interface Plan {
  readonly indexCount: number;
}

export const buildIndexesStage: WholeStage<MigratorWorld, Plan> = {
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
    const [row] = await target.query<{ invalid: string }>(
      `select (select count(*) from pg_constraint
               where connamespace = 'public'::regnamespace and not convalidated)
            + (select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid
               where c.relnamespace = 'public'::regnamespace and not i.indisvalid) as invalid`,
    );
    const missing = await missingIndexes(target);
    return [
      { name: "indexes and foreign keys missing", expected: "0", actual: String(missing.length) },
      { name: "indexes and foreign keys not valid", expected: "0", actual: row!.invalid },
    ];
  },
};
