// Has the target the tables, columns, keys, indexes and enums of a Berkeley archive, no others, and is all
// of it in force?

import { type Catalog, readCatalog, readCatalogFaults } from "@forklift/postgres";
import type { TableCheck } from "../check.ts";

export const schemaEqual: TableCheck = {
  id: "schema-equal",
  name: "tables, columns, keys, indexes and enums are those of the Berkeley schema",
  needs: [],

  async run({ target, schema }, findings) {
    const expected = partsOf(schema);
    const found = partsOf(await readCatalog(target));
    for (const [part, text] of expected) {
      findings.rowCompared();
      const [table = "", key = ""] = part.split("\t");
      findings.compare({ table, key, column: "*" }, text, found.get(part) ?? "nothing");
    }
    for (const [part, text] of found) {
      if (expected.has(part)) continue;
      const [table = "", key = ""] = part.split("\t");
      findings.add({ table, key, column: "*", expected: "nothing", found: text });
    }
    for (const { table, object, fault } of await readCatalogFaults(target)) {
      findings.add({ table, key: object, column: "*", expected: "in force", found: fault });
    }
  },
};

/**
 * By table and name, each with all that the catalog says of it. Of keys and indexes that is their
 * definition alone: in it is all that a key or an index can have.
 */
function partsOf(catalog: Catalog): Map<string, string> {
  const { enums, otherObjectCounts, others, sequences, tables } = catalog;
  const parts = new Map<string, string>();
  const add = (table: string, key: string, value: unknown) => {
    parts.set(`${table}\t${key}`, typeof value === "string" ? value : JSON.stringify(value));
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
