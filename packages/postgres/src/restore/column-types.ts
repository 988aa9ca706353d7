// Types of columns and of casts: those that PostgreSQL brings and whose values are plain data, and
// the enums of the dump. None of them looks anything up, as regclass and its kin do.

import { type DumpObjects, inPublic } from "./dump-objects.ts";
import { RefusedStatement, type TokenReader } from "./token-reader.ts";

/** Written in one word, with how many numbers may stand in parentheses behind them. */
const MODIFIERS_MAX: ReadonlyMap<string, number> = new Map([
  ...["smallint", "int2", "integer", "int", "int4", "bigint", "int8"].map((name) => [name, 0]),
  ...["real", "float4", "float8", "boolean", "bool", "text", "bytea", "date"].map((name) => [
    name,
    0,
  ]),
  ...["uuid", "json", "jsonb", "inet", "cidr", "macaddr", "timetz", "money"].map((name) => [
    name,
    0,
  ]),
  ...["varchar", "char", "bpchar", "timestamptz", "interval", "bit", "varbit"].map((name) => [
    name,
    1,
  ]),
  ...["numeric", "decimal", "dec"].map((name) => [name, 2]),
] as [string, number][]);

/** Stand for a type, a sequence and a default; only a column can have them. */
const SERIAL = new Set(["serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"]);

/** A type as SQL. */
export function readType(reader: TokenReader, objects: DumpObjects): string {
  const base = readBase(reader, objects);
  let dimensions = "";
  while (reader.takeSymbol("[")) {
    dimensions += reader.isSymbol("]") ? "[]" : `[${reader.integer()}]`;
    reader.expectSymbol("]");
  }
  return base + dimensions;
}

export function readColumnType(reader: TokenReader, objects: DumpObjects): string {
  return reader.takeOneOf(...SERIAL) ?? readType(reader, objects);
}

function readBase(reader: TokenReader, objects: DumpObjects): string {
  if (reader.takeWords("double", "precision")) return "double precision";
  if (reader.takeWords("character", "varying") || reader.takeWords("char", "varying")) {
    return `character varying${modifiers(reader, 1)}`;
  }
  if (reader.takeWords("bit", "varying")) return `bit varying${modifiers(reader, 1)}`;
  if (reader.takeWords("character")) return `character${modifiers(reader, 1)}`;
  const time = reader.takeOneOf("timestamp", "time");
  if (time !== null) return readTime(reader, time);
  const { kind, text } = reader.peek();
  const count = MODIFIERS_MAX.get(text);
  if (kind === "word" && count !== undefined && !reader.isSymbol(".", 1)) {
    reader.next();
    return text + modifiers(reader, count);
  }
  return readNamed(reader, objects);
}

function readTime(reader: TokenReader, word: string): string {
  const precision = modifiers(reader, 1);
  for (const zone of ["with", "without"]) {
    if (reader.takeWords(zone, "time", "zone")) return `${word}${precision} ${zone} time zone`;
  }
  return word + precision;
}

function readNamed(reader: TokenReader, objects: DumpObjects): string {
  const written = reader.qualifiedName();
  const { schema, name } = written;
  if (schema === "pg_catalog") {
    const count = MODIFIERS_MAX.get(name);
    if (count !== undefined) return `pg_catalog.${name}${modifiers(reader, count)}`;
  } else {
    const own = objects.nameIn(written);
    if (objects.isEnum(own)) return inPublic(own);
  }
  const shown = schema === null ? name : `${schema}.${name}`;
  throw new RefusedStatement(
    `the type ${shown} is neither a plain one of PostgreSQL nor an enum of it`,
  );
}

function modifiers(reader: TokenReader, count: number): string {
  if (count === 0 || !reader.isSymbol("(")) return "";
  const numbers = reader.list(() => reader.integer());
  if (numbers.length > count) throw reader.unexpected(`a type with ${count} numbers at most`);
  return `(${numbers.join(", ")})`;
}
