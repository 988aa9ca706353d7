// The columns that differences name: those of the database, whatever our queries call their values.

import { readSchema } from "@forklift/schemas";
import { expect, test } from "vitest";
import { columnOf, PLACES } from "../src/columns.ts";

const { manifest } = await readSchema("berkeley");
const isColumn = (table: string, column: string) =>
  manifest.tables[table]?.columns.some(({ name }) => name === column) === true;

test("every value that has another name in our queries stands in a column of the schema", () => {
  for (const [compared, places] of Object.entries(PLACES)) {
    for (const name of Object.keys(places)) {
      const { table, column, via } = columnOf(compared, name);
      expect(isColumn(table, column), `${table}.${column}`).toBe(true);
      if (via !== undefined) expect(isColumn(compared, via), `${compared}.${via}`).toBe(true);
    }
  }
});

test("any other value stands in the column of its name", () => {
  expect(columnOf("blocks", "timestamp")).toEqual({ table: "blocks", column: "timestamp" });
  expect(columnOf("blocks", "staking_epoch_seed")).toEqual({
    table: "epoch_data",
    column: "seed",
    via: "staking_epoch_data_id",
  });
});
