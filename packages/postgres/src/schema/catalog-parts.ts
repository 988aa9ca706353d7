// A catalog as a list of its parts, each with a name and with all that it says: what two schemas are
// compared by.

import type { Catalog } from "./catalog.ts";

export interface CatalogPart {
  readonly table: string;
  /** "column height", "index idx_blocks_height": unique in its table. */
  readonly object: string;
  /** Two parts are equal when these are. */
  readonly text: string;
}

/**
 * By table and name. Of keys and indexes the text is their definition: in it is all that a key or an index
 * can have.
 */
export function catalogParts(catalog: Catalog): ReadonlyMap<string, CatalogPart> {
  const { enums, otherObjectCounts, others, sequences, tables } = catalog;
  const parts = new Map<string, CatalogPart>();
  const add = (table: string, object: string, value: unknown) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    parts.set(`${table}\t${object}`, { table, object, text });
  };
  for (const [name, labels] of Object.entries(enums)) add(name, "enum", labels);
  for (const [kind, count] of Object.entries(otherObjectCounts)) add("public", kind, count);
  for (const other of others) add("public", other, "there");
  for (const sequence of sequences) add(sequence.name, "sequence", sequence);
  for (const [name, table] of Object.entries(tables)) {
    for (const column of table.columns) add(name, `column ${column.name}`, column);
    for (const key of table.foreignKeys) add(name, `foreign key ${key.name}`, key.definition);
    for (const key of table.unique) add(name, `unique key ${key.name}`, key.definition);
    for (const check of table.checks) add(name, `check ${check.name}`, check.definition);
    for (const index of table.indexes) add(name, `index ${index.name}`, index.definition);
    const { primaryKey } = table;
    if (primaryKey !== null) add(name, `primary key ${primaryKey.name}`, primaryKey.definition);
  }
  return parts;
}
