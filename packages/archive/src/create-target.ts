// Turns an empty database into an empty Berkeley archive.

import type { Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { createWorkingSchema } from "./progress-marks.ts";

/** Creates the schema of the era in one transaction: a database holds all of it or none. */
export async function createTarget(target: Session): Promise<void> {
  const { tables, constraints } = await readSchema("berkeley");
  await target.transaction(async () => {
    await target.query(tables);
    await target.query(constraints);
    await createWorkingSchema(target);
  });
}
