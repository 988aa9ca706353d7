// Types of columns and of casts: those that PostgreSQL brings and whose values are plain data, and
// the enums of the dump. None of them looks anything up, as regclass and its kin do.

import { type DumpObjects, inPublic } from "./dump-objects.ts";
import { RefusedStatement, type TokenReader } from "./token-reader.ts";

/** How many numbers may stand in parentheses behind the name of a type. */
const MODIFIERS_MAX: ReadonlyMap<string, number> = modifiersMax({
  0:
    "smallint int2 integer int int4 bigint int8 real float4 float8 boolean bool text bytea date uuid json " +
    "jsonb jsonpath inet cidr macaddr macaddr8 timetz money oid name xid pg_lsn tsvector tsquery point " +
    "line lseg box path polygon circle int4range int8range numrange daterange tsrange tstzrange",
  1: "varchar char bpchar timestamptz interval bit varbit",
  2: "numeric decimal dec",
});

/** Names that only the grammar knows: in double quotes they would be other types. */
const GRAMMAR_ONLY = new Set([
  "integer",
  "int",
  "smallint",
  "bigint",
  "real",
  "boolean",
  "char",
  "decimal",
  "dec",
]);

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

/** @param type as `readColumnType` gave it. */
export function isSerial(type: string): boolean {
  return SERIAL.has(type);
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
  const count = GRAMMAR_ONLY.has(name) ? undefined : MODIFIERS_MAX.get(name);
  // pg_catalog comes before every search path, unless the path names it elsewhere.
  if ((schema === "pg_catalog" || schema === null) && count !== undefined) {
    return `pg_catalog.${name}${modifiers(reader, count)}`;
  }
  if (schema !== "pg_catalog" && objects.isEnum(objects.nameIn(written))) return inPublic(name);
  const shown = schema === null ? name : `${schema}.${name}`;
  throw new RefusedStatement(
    `the type ${shown} is neither a plain one of PostgreSQL nor an enum of it`,
  );
}

function modifiersMax(names: Readonly<Record<number, string>>): Map<string, number> {
  return new Map(
    Object.entries(names).flatMap(([count, list]) =>
      list.split(" ").map((name): [string, number] => [name, Number(count)]),
    ),
  );
}

function modifiers(reader: TokenReader, count: number): string {
  if (count === 0 || !reader.isSymbol("(")) return "";
  const numbers = reader.list(() => reader.integer());
  if (numbers.length > count) throw reader.unexpected(`a type with ${count} numbers at most`);
  return `(${numbers.join(", ")})`;
}
