// Has the target the tables, columns, keys, indexes and enums of a Berkeley archive, and no others?

import { type Catalog, readCatalog } from "@forklift/postgres";
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
  },
};

/** By table and name, each with all that the catalog says of it. */
function partsOf({ enums, sequences, tables }: Catalog): Map<string, string> {
  const parts = new Map<string, string>();
  const add = (table: string, key: string, value: unknown) => {
    parts.set(`${table}\t${key}`, JSON.stringify(value));
  };
  for (const [name, labels] of Object.entries(enums)) add(name, "enum", labels);
  for (const sequence of sequences) add(sequence.name, "sequence", sequence);
  for (const [name, table] of Object.entries(tables)) {
    for (const column of table.columns) add(name, `column ${column.name}`, column);
    for (const key of table.foreignKeys) add(name, `foreign key ${key.name}`, key);
    for (const key of table.unique) add(name, `unique key ${key.name}`, key);
    for (const check of table.checks) add(name, `check ${check.name}`, check);
    for (const index of table.indexes) add(name, `index ${index.name}`, index);
    if (table.primaryKey !== null) add(name, "primary key", table.primaryKey);
  }
  return parts;
}
