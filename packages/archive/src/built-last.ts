// Indexes and foreign keys, of which a target of ours may be without: all of them until its first bulk load
// has ended, those of the accounts' tables until a long replay has. Never anything between.

import { type CatalogPart, catalogParts, readCatalog, type Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";

/** The tables that a replay fills. */
const ACCOUNT_TABLES = ["accounts_accessed", "accounts_created"];

/** By table and name, as `catalogParts` gives them. */
type Parts = ReadonlyMap<string, CatalogPart>;

/** Keys are none: they find what stands twice while it can still be named. */
export function isBuiltLast({ object }: CatalogPart): boolean {
  return /^(index|foreign key) /.test(object);
}

/** Those of our schema. */
export function builtLastOf(schema: Parts): CatalogPart[] {
  return [...schema.values()].filter(isBuiltLast);
}

/** Those of the accounts' tables. */
export function accountIndexesOf(schema: Parts): CatalogPart[] {
  return builtLastOf(schema).filter(({ table }) => ACCOUNT_TABLES.includes(table));
}

/**
 * Whether what a target lacks of its indexes and foreign keys is what a replay that has not ended leaves
 * out: all of those of the accounts' tables, and no others.
 */
export function areAccountIndexes(missing: readonly CatalogPart[], schema: Parts): boolean {
  const ours = new Set(accountIndexesOf(schema));
  return missing.length === ours.size && missing.every((part) => ours.has(part));
}

export interface MissingParts {
  /** Indexes and foreign keys that the schema has and the target does not. */
  readonly missing: readonly CatalogPart[];
  readonly schema: Parts;
}

export async function readMissing(target: Session): Promise<MissingParts> {
  const { manifest } = await readSchema("berkeley");
  const schema = catalogParts(manifest);
  const found = catalogParts(await readCatalog(target));
  const missing = [...schema].filter(([name, part]) => isBuiltLast(part) && !found.has(name));
  return { missing: missing.map(([, part]) => part), schema };
}
