// COLLATE, of columns and of index keys.

import type { TokenReader } from "./token-reader.ts";

/** Those that every server has, under the same meaning. */
const BUILT_IN = ["C", "POSIX", "default"];

/** With a space before it; nothing where no collation is named. */
export function readCollation(reader: TokenReader): string {
  if (!reader.takeWords("collate")) return "";
  const { schema, name } = reader.qualifiedName();
  if ((schema !== null && schema !== "pg_catalog") || !BUILT_IN.includes(name)) {
    throw reader.unexpected('a collation "C", "POSIX" or "default" before this');
  }
  return ` collate pg_catalog."${name}"`;
}
