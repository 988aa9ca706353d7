// Stage that creates the Berkeley schema and the table of progress marks in an empty target.

import {
  createTarget,
  createWorkingSchema,
  hasWorkingSchema,
  identifySchema,
  requireSchema,
} from "@forklift/archive";
import type { WholeStage } from "@forklift/pipeline";
import type { MigratorContext } from "../context.ts";

interface Plan {
  readonly create: "archive and working schema" | "working schema";
}

export const createSchema: WholeStage<MigratorContext, Plan> = {
  id: "create-schema",
  kind: "whole",

  async plan({ target }) {
    const { kind } = await identifySchema(target);
    if (kind === "empty") return { create: "archive and working schema" };
    // Run alone, it is the first that looks: nothing of ours goes into another's database.
    await requireSchema(target, { role: "target", era: "berkeley" });
    if (await hasWorkingSchema(target)) return { skip: "the target has the Berkeley schema" };
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
