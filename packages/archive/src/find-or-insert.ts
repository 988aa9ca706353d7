// Turns values into the ids of their rows, in sets: one query for the rows that are there, one COPY
// for those that are not.

import type { CopyValue, Session } from "@forklift/postgres";
import type { RowIds } from "./row-ids.ts";

/** A table whose rows are told apart by values rather than by their id. */
export interface KeyedTable<Value> {
  readonly table: string;
  /** Columns and PostgreSQL types that identify a row; none of them is nullable. */
  readonly key: Readonly<Record<string, string>>;
  readonly keyOf: (value: Value) => readonly (string | number | bigint)[];
  /** The other columns, when a row has any. */
  readonly rest?: readonly string[];
  readonly restOf?: (value: Value) => readonly CopyValue[];
}

/** Ids by value. Values that are equal by their key share a row. */
export type IdsOf<Value> = (value: Value) => number;

export async function findOrInsert<Value>(
  target: Session,
  rowIds: RowIds,
  { table, key, keyOf, rest = [], restOf = () => [] }: KeyedTable<Value>,
  values: Iterable<Value>,
): Promise<IdsOf<Value>> {
  const textOf = (value: Value) => JSON.stringify(keyOf(value).map(String));
  const wanted = new Map<string, Value>();
  for (const value of values) wanted.set(textOf(value), value);

  const ids = await findRows(target, table, key, [...wanted.values()].map(keyOf));
  const missing = [...wanted].filter(([text]) => !ids.has(text));
  if (missing.length > 0) {
    const first = await rowIds.take(target, table, missing.length);
    await target.copyIn(
      table,
      ["id", ...Object.keys(key), ...rest],
      missing.map(([, value], index) => [first + index, ...keyOf(value), ...restOf(value)]),
    );
    missing.forEach(([text], index) => {
      ids.set(text, first + index);
    });
  }
  return (value) => {
    const id = ids.get(textOf(value));
    if (id === undefined) throw new Error(`${textOf(value)} was not among the values of ${table}`);
    return id;
  };
}

async function findRows(
  target: Session,
  table: string,
  key: Readonly<Record<string, string>>,
  keys: readonly (readonly (string | number | bigint)[])[],
): Promise<Map<string, number>> {
  const columns = Object.keys(key);
  const arrays = Object.values(key).map((type, index) => `$${index + 1}::${type}[]`);
  const rows = await target.query<{ id: number; key: string[] }>(
    `select min(t.id) as id, array[${columns.map((name) => `t.${name}::text`)}] as key
     from ${table} t
     join unnest(${arrays}) as wanted(${columns}) using (${columns})
     group by 2`,
    columns.map((_, index) => keys.map((values) => values[index])),
  );
  return new Map(rows.map((row) => [JSON.stringify(row.key), row.id]));
}
