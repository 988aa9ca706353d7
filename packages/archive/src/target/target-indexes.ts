// Indexes and foreign keys of the target. A first bulk load goes without them and builds them at its
// end, which takes a fraction of keeping them up to date row by row.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { areAccountIndexes, builtLastOf, readMissing } from "../built-last.ts";

/** A few sorts of the largest columns in memory; one session builds them one after the other. */
export const MAINTENANCE_WORK_MEM = "256MB";

/**
 * The names of indexes and foreign keys that the schema has and the target does not. What a replay that has
 * not ended leaves out is not among them: the replay builds it.
 */
export async function missingIndexes(target: Session): Promise<readonly string[]> {
  const { missing, schema } = await readMissing(target);
  return areAccountIndexes(missing, schema) ? [] : missing.map(({ object }) => object);
}

/**
 * Builds them all in one transaction: a target has all of them or none.
 * @throws ConfigError when it has some, and so is not of our making.
 */
export async function buildIndexes(target: Session): Promise<void> {
  const { indexes } = await readSchema("berkeley");
  const { missing, schema } = await readMissing(target);
  const known = builtLastOf(schema);
  if (missing.length < known.length) {
    const named = missing.slice(0, NAMED_MAX).map(({ object }) => object);
    throw new ConfigError(
      `the target ${target.maskedUrl} lacks ${missing.length} of its ${known.length} indexes and ` +
        `foreign keys: ${named.join(", ")}`,
      { hint: "another program has changed its schema; start again from an empty target" },
    );
  }
  await target.transaction(async () => {
    await target.query(`set local maintenance_work_mem = '${MAINTENANCE_WORK_MEM}'`);
    await target.query(indexes);
  });
}

const NAMED_MAX = 3;
