// Strict decoders for JSON values: exact keys, and errors that name the path.

import { FormatError, formatErrorAt, quote } from "@forklift/chain";

/** Turns a parsed JSON value into T. @throws FormatError whose message begins with `path`. */
export type Decoder<T> = (json: unknown, path: string) => T;

export const boolean: Decoder<boolean> = (json, path) => {
  if (typeof json !== "boolean") throw mismatch(path, "a boolean", json);
  return json;
};

/** A JSON string that `parse` accepts. */
export function text<T>(parse: (text: string) => T): Decoder<T> {
  return (json, path) => {
    if (typeof json !== "string") throw mismatch(path, "a string", json);
    try {
      return parse(json);
    } catch (error) {
      throw formatErrorAt(path, error);
    }
  };
}

/** A JSON array of exactly `length` elements. */
export function listOf<T>(length: number, element: Decoder<T>): Decoder<readonly T[]> {
  return (json, path) => {
    if (!Array.isArray(json)) throw mismatch(path, "an array", json);
    if (json.length !== length) {
      throw new FormatError(`${path}: expected ${length} elements, found ${json.length}`);
    }
    return json.map((value: unknown, index) => element(value, `${path}[${index}]`));
  };
}

type Fields<T> = { readonly [Key in keyof T]: Decoder<T[Key]> };

/**
 * A JSON object with these keys and no other. Ours are camelCase; the JSON has the same words in
 * snake_case.
 */
export function record<T extends object>(fields: Fields<T>): Decoder<T> {
  const decoders = Object.entries<Decoder<unknown>>(fields).map(
    ([key, decode]) => ({ key, name: snakeCase(key), decode }) as const,
  );
  const names = new Set(decoders.map(({ name }) => name));
  return (json, path) => {
    const object = plainObject(json, path);
    const values: Record<string, unknown> = {};
    for (const { key, name, decode } of decoders) {
      if (!Object.hasOwn(object, name)) throw new FormatError(`${path}: key "${name}" is missing`);
      values[key] = decode(object[name], `${path}.${name}`);
    }
    const found = Object.keys(object);
    if (found.length !== decoders.length) {
      const unknown = found.find((name) => !names.has(name))!;
      throw new FormatError(`${path}: unknown key ${quote(unknown)}`);
    }
    return values as T;
  };
}

export function plainObject(json: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw mismatch(path, "an object", json);
  }
  return json as Readonly<Record<string, unknown>>;
}

/** Characters. The longest path of a block has half as many; a stray key may have millions. */
const PATH_MAX = 160;

export function mismatch(path: string, expected: string, found: unknown): FormatError {
  const place = path.length <= PATH_MAX ? path : `${path.slice(0, PATH_MAX)}…`;
  return new FormatError(`${place}: expected ${expected}, found ${shown(found)}`);
}

/** A value for a message, which a value without end must not fill. */
function shown(json: unknown): string {
  if (json === undefined) return "nothing";
  if (Array.isArray(json)) return `an array of ${json.length}`;
  if (typeof json === "string") return quote(json);
  if (typeof json !== "object" || json === null) return String(json);
  return `an object of ${Object.keys(json).length} keys`;
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
