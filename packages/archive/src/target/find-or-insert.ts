// Turns values into the ids of their rows, in sets: what is remembered costs nothing, one query
// finds the other rows that are there, one COPY writes those that are not.

import type { CopyValue, Session } from "@forklift/postgres";
import type { RowIds } from "./row-ids.ts";

/** A table whose rows are identified by values rather than by their id. */
export interface KeyedTable<Value> {
  readonly table: string;
  /** Columns and PostgreSQL types that identify a row; none of them is nullable. */
  readonly key: Readonly<Record<string, string>>;
  readonly keyOf: (value: Value) => readonly (string | number | bigint)[];
  /** The other columns, when a row has any. */
  readonly rest?: readonly string[];
  readonly restOf?: (value: Value) => readonly CopyValue[];
  /** Whoever asks for the ids remembers them, and asks for one once. */
  readonly isRememberedElsewhere?: boolean;
}

/** Ids by value. Values that are equal by their key share a row. */
export type IdsOf<Value> = (value: Value) => number;

export async function findOrInsert<Value>(
  target: Session,
  rowIds: RowIds,
  keyedTable: KeyedTable<Value>,
  values: Iterable<Value>,
): Promise<IdsOf<Value>> {
  const { table, key, keyOf } = keyedTable;
  const textOf = (value: Value) => textOfKey(keyOf(value));
  const remembered = rowIds.remembered(table);
  const ids = new Map<string, number>();
  const unknown = new Map<string, Value>();
  for (const value of values) {
    const text = textOf(value);
    const id = remembered.get(text);
    if (id === undefined) unknown.set(text, value);
    else ids.set(text, id);
  }
  if (unknown.size > 0) {
    const found = await findRows(target, table, key, [...unknown.values()].map(keyOf));
    const missing = [...unknown].filter(([text]) => !found.has(text));
    const first = await insertRows(
      target,
      rowIds,
      keyedTable,
      missing.map(([, value]) => value),
    );
    missing.forEach(([text], index) => {
      found.set(text, first + index);
    });
    for (const [text, id] of found) ids.set(text, id);
    if (keyedTable.isRememberedElsewhere !== true) rowIds.remember(table, found);
  }
  return (value) => {
    const id = ids.get(textOf(value));
    if (id === undefined) throw new Error(`${textOf(value)} was not among the values of ${table}`);
    return id;
  };
}

/** Writes rows that the caller knows to be new, and gives the first of their consecutive ids. */
export async function insertRows<Value>(
  target: Session,
  rowIds: RowIds,
  { table, key, keyOf, rest = [], restOf = () => [] }: KeyedTable<Value>,
  values: readonly Value[],
): Promise<number> {
  const first = await rowIds.take(target, table, values.length);
  if (values.length === 0) return first;
  await target.copyIn(
    table,
    ["id", ...Object.keys(key), ...rest],
    values.map((value, index) => [first + index, ...keyOf(value), ...restOf(value)]),
  );
  return first;
}

/** No value of a key holds a tab: they are base58, base64, numbers and names. */
function textOfKey(values: readonly (string | number | bigint)[]): string {
  const [value] = values;
  // Of one text no other is made, which would be hashed anew wherever it is looked up.
  return values.length === 1 && typeof value === "string" ? value : values.join("\t");
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
  return new Map(rows.map((row) => [textOfKey(row.key), row.id]));
}
