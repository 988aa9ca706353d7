// Indexes and foreign keys of the accounts' tables. A replay of many blocks goes without them and builds them
// with its last rows: kept up to date row by row they take PostgreSQL longer than the rows themselves.

import { type CatalogPart, catalogParts, type Session, sqlStateOf } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { accountIndexesOf, areAccountIndexes, readMissing } from "../built-last.ts";
import { statementAgainst, statementFor } from "../part-statements.ts";
import { MAINTENANCE_WORK_MEM } from "./target-indexes.ts";

/**
 * Longer than the second after which an automatic vacuum gives way, and short enough for the readers of a
 * target, who wait behind whoever waits for them.
 */
const LOCK_TIMEOUT = "5s";

/**
 * Another session holds a table, or waits for one that we hold, or the tables are another role's:
 * lock_not_available, deadlock_detected, insufficient_privilege.
 */
const NOT_TO_BE_DROPPED = ["55P03", "40P01", "42501"];

/** Whether the target is without all of them, and of nothing else: a replay has not ended. */
export async function lacksAccountIndexes(target: Session): Promise<boolean> {
  const { missing, schema } = await readMissing(target);
  return areAccountIndexes(missing, schema);
}

/** Those that the target lacks, be it some or all. */
export async function missingAccountIndexes(target: Session): Promise<readonly string[]> {
  const { missing, schema } = await readMissing(target);
  return accountIndexesOf(schema)
    .filter((part) => missing.includes(part))
    .map(({ object }) => object);
}

/**
 * Drops them in one transaction of its own. False when the target keeps them, since another session uses
 * its tables or they are another role's.
 */
export async function dropAccountIndexes(target: Session): Promise<boolean> {
  const { missing, schema } = await readMissing(target);
  // One that lacks others is in a first bulk load, which builds all of them.
  if (missing.length > 0) return false;
  try {
    await target.transaction(async () => {
      await target.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
      await target.query(joined(accountIndexesOf(schema), statementAgainst));
    });
    return true;
  } catch (error) {
    if (NOT_TO_BE_DROPPED.includes(sqlStateOf(error) ?? "")) return false;
    throw error;
  }
}

/**
 * Builds all of them anew. The caller owns the transaction.
 * @param beside is called once the server is at work, for as long as the caller likes.
 */
export async function buildAccountIndexes(
  target: Session,
  beside: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { manifest } = await readSchema("berkeley");
  const schema = catalogParts(manifest);
  await target.query(`set local maintenance_work_mem = '${MAINTENANCE_WORK_MEM}'`);
  const built = target.query(joined(accountIndexesOf(schema), statementFor));
  await Promise.all([built, beside()]);
}

function joined(parts: readonly CatalogPart[], of: (part: CatalogPart) => string | null): string {
  return parts.map(of).join(";\n");
}
