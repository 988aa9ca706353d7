// Paths in a JSON value, and copies that differ at one path, for the decoders' tests.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Path = readonly (string | number)[];

export interface Leaf {
  readonly path: Path;
  readonly value: string | number | boolean | null;
}

export function leavesOf(json: Json, path: Path = []): Leaf[] {
  if (typeof json !== "object" || json === null) return [{ path, value: json }];
  return entriesOf(json).flatMap(([key, part]) => leavesOf(part, [...path, key]));
}

/** Of the value itself and of every object or array in it. */
export function branchesOf(json: Json, path: Path = []): Path[] {
  if (typeof json !== "object" || json === null) return [];
  return [path, ...entriesOf(json).flatMap(([key, part]) => branchesOf(part, [...path, key]))];
}

export function valueAt(json: Json, path: Path): Json {
  return path.reduce<Json>((place, key) => (place as Record<string | number, Json>)[key]!, json);
}

/** A copy in which the value at the path is another one, or gone when it is undefined. */
export function withValue(json: Json, path: Path, value: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? null;
  const copy = (Array.isArray(json) ? [...json] : { ...(json as object) }) as Record<
    string | number,
    Json
  >;
  if (rest.length > 0) copy[key] = withValue(copy[key]!, rest, value);
  else if (value === undefined) delete copy[key];
  else copy[key] = value;
  return copy;
}

/** JSON text in which the key at the end of the path occurs once more, before the one it has. */
export function textWithTwin(json: Json, path: Path, twin: Json): string {
  const marked = withValue(json, [...path.slice(0, -1), TWIN_KEY], twin);
  const object = Object.entries(valueAt(marked, path.slice(0, -1)) as object);
  const reordered = Object.fromEntries([object.at(-1)!, ...object.slice(0, -1)]);
  const text = JSON.stringify(withValue(json, path.slice(0, -1), reordered as Json));
  return text.replace(TWIN_KEY, String(path.at(-1)));
}

const TWIN_KEY = "twin of a key";

function entriesOf(json: Json[] | { [key: string]: Json }): [string | number, Json][] {
  return Array.isArray(json) ? [...json.entries()] : Object.entries(json);
}
