// Indexes and foreign keys of the target. A first bulk load goes without them and builds them at its
// end, which takes a fraction of keeping them up to date row by row.

import { ConfigError } from "@forklift/pipeline";
import { type CatalogTable, readCatalog, type Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";

/** A few sorts of the largest columns in memory; one session builds them one after the other. */
const MAINTENANCE_WORK_MEM = "256MB";

/** The names of indexes and foreign keys that the schema has and the target does not. */
export async function missingIndexes(target: Session): Promise<readonly string[]> {
  const { manifest } = await readSchema("berkeley");
  const found = await readCatalog(target);
  return Object.entries(manifest.tables).flatMap(([name, table]) => {
    const present = new Set(indexNames(found.tables[name]));
    return indexNames(table).filter((index) => !present.has(index));
  });
}

/**
 * Builds them all in one transaction: a target has all of them or none.
 * @throws ConfigError when it has some, and so is not of our making.
 */
export async function buildIndexes(target: Session): Promise<void> {
  const { indexes, manifest } = await readSchema("berkeley");
  const missing = await missingIndexes(target);
  const known = Object.values(manifest.tables).flatMap(indexNames);
  if (missing.length < known.length) {
    throw new ConfigError(
      `the target ${target.maskedUrl} lacks ${missing.length} of its ${known.length} indexes and ` +
        `foreign keys: ${missing.slice(0, NAMED_MAX).join(", ")}`,
      { hint: "another program has changed its schema; start again from an empty target" },
    );
  }
  await target.transaction(async () => {
    await target.query(`set local maintenance_work_mem = '${MAINTENANCE_WORK_MEM}'`);
    await target.query(indexes);
  });
}

const NAMED_MAX = 3;

function indexNames(table: CatalogTable | undefined): string[] {
  return [...(table?.indexes ?? []), ...(table?.foreignKeys ?? [])].map(({ name }) => name);
}
