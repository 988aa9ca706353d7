// Has the target the tables, columns, keys, indexes and enums of a Berkeley archive, no others, and is all
// of it in force?

import { catalogParts, readCatalog, readCatalogFaults } from "@forklift/postgres";
import type { TableCheck } from "../check.ts";

export const schemaEqual: TableCheck = {
  id: "schema-equal",
  name: "tables, columns, keys, indexes and enums are those of the Berkeley schema",
  needs: [],

  async run({ target, schema }, findings) {
    const expected = catalogParts(schema);
    const found = catalogParts(await readCatalog(target));
    for (const [name, { table, object: key, text }] of expected) {
      findings.rowCompared();
      findings.compare({ table, key, column: "*" }, text, found.get(name)?.text ?? "nothing");
    }
    for (const [name, { table, object: key, text }] of found) {
      if (expected.has(name)) continue;
      findings.add({ table, key, column: "*", expected: "nothing", found: text });
    }
    for (const { table, object, fault } of await readCatalogFaults(target)) {
      findings.add({ table, key: object, column: "*", expected: "in force", found: fault });
    }
  },
};
