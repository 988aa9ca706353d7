// Gives an empty target the Berkeley schema and a place for progress marks.

import { createTarget, createWorkingSchema, identifySchema } from "@forklift/archive";
import type { WholeStage } from "@forklift/pipeline";
import type { MigratorWorld } from "../world.ts";

interface Plan {
  readonly create: "archive and working schema" | "working schema";
}

export const createSchema: WholeStage<MigratorWorld, Plan> = {
  id: "create-schema",
  kind: "whole",

  async plan({ target }) {
    const { kind } = await identifySchema(target);
    if (kind === "empty") return { create: "archive and working schema" };
    const [row] = await target.query<{ present: boolean }>(
      "select to_regclass('forklift.progress_mark') is not null as present",
    );
    if (row?.present === true) return { skip: "the target has the Berkeley schema" };
    return { create: "working schema" };
  },

  async run({ target }, { create }) {
    if (create === "working schema") await createWorkingSchema(target);
    else await createTarget(target);
    return { rowCount: 0 };
  },

  async verify({ target }) {
    const { kind } = await identifySchema(target);
    return [{ name: "schema of the target", expected: "berkeley", actual: kind }];
  },
};
