// Strict decoders for JSON values: exact keys, and errors that name the path.

import { FormatError, formatErrorAt } from "@forklift/chain";

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
    ([key, decode]) => [key, snakeCase(key), decode] as const,
  );
  const names = new Set(decoders.map(([, name]) => name));
  return (json, path) => {
    const object = plainObject(json, path);
    for (const name of Object.keys(object)) {
      if (!names.has(name)) throw new FormatError(`${path}: unknown key ${JSON.stringify(name)}`);
    }
    const values = decoders.map(([key, name, decode]) => {
      if (!Object.hasOwn(object, name)) throw new FormatError(`${path}: key "${name}" is missing`);
      return [key, decode(object[name], `${path}.${name}`)] as const;
    });
    return Object.fromEntries(values) as T;
  };
}

export function plainObject(json: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw mismatch(path, "an object", json);
  }
  return json as Readonly<Record<string, unknown>>;
}

export function mismatch(path: string, expected: string, found: unknown): FormatError {
  const shown = found === undefined ? "nothing" : JSON.stringify(found).slice(0, 80);
  return new FormatError(`${path}: expected ${expected}, found ${shown}`);
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
