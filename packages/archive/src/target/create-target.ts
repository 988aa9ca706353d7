// Turns an empty database into an empty Berkeley archive that is ready for its first bulk load.

import type { Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { createWorkingSchema } from "./progress-marks.ts";

/**
 * Creates tables and keys in one transaction: a database holds all of them or none. Indexes and
 * foreign keys are `buildIndexes`'.
 */
export async function createTarget(target: Session): Promise<void> {
  const { tables, keys } = await readSchema("berkeley");
  await target.transaction(async () => {
    await target.query(tables);
    await target.query(keys);
    await createWorkingSchema(target);
  });
}
