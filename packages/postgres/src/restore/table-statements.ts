// CREATE TABLE: columns and constraints, with expressions that call nothing.

import { readCollation } from "./collation.ts";
import { isSerial, readColumnType } from "./column-types.ts";
import { isTableConstraint, readCheck, readConstraint, readReferences } from "./constraints.ts";
import { type DumpObjects, inPublic, RestsOnLeftOut, required } from "./dump-objects.ts";
import { readExpression, readOperand } from "./expressions.ts";
import { readSequenceOptions } from "./sequence-statements.ts";
import { readStorageParameters, skipTablespace } from "./storage-options.ts";
import { type QualifiedName, RefusedStatement, type TokenReader } from "./token-reader.ts";

/** CREATE TABLE public.some (…) */
export function readCreateTable(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("create");
  const unlogged = reader.takeWords("unlogged") ? "unlogged " : "";
  reader.expectWords("table");
  const ifMissing = reader.takeWords("if", "not", "exists") ? "if not exists " : "";
  const written = reader.qualifiedName();
  const relation = inPublic(nameOfTable(reader, written, objects));
  const definition = required(() => readDefinition(reader, objects));
  reader.expectEnd();
  objects.made("table", written.name);
  return `create ${unlogged}table ${ifMissing}${relation} ${definition}`;
}

/** A table of another schema is left out, unless its rows would be seen in one of ours. */
function nameOfTable(reader: TokenReader, written: QualifiedName, objects: DumpObjects): string {
  try {
    return objects.nameIn(written);
  } catch (error) {
    if (!(error instanceof RestsOnLeftOut) || !reader.hasWordAhead("inherits")) throw error;
    throw new RefusedStatement("it is in another schema, and inherits from a table");
  }
}

function readDefinition(reader: TokenReader, objects: DumpObjects): string {
  const elements = reader.isSymbol(")", 1)
    ? readNoElements(reader)
    : reader.list(() => readElement(reader, objects));
  const parents = reader.takeWords("inherits")
    ? ` inherits (${reader.list(() => objects.relation(reader.qualifiedName())).join(", ")})`
    : "";
  const parameters = readStorageParameters(reader);
  skipTablespace(reader);
  return `(${elements.join(", ")})${parents}${parameters}`;
}

function readNoElements(reader: TokenReader): string[] {
  reader.expectSymbol("(");
  reader.expectSymbol(")");
  return [];
}

function readElement(reader: TokenReader, objects: DumpObjects): string {
  if (isTableConstraint(reader)) return readConstraint(reader, objects);
  const name = reader.quotedName();
  const type = readColumnType(reader, objects);
  if (isSerial(type)) objects.madeSerial();
  let column = `${name} ${type}${readCollation(reader)}`;
  for (let more = readColumnOption(reader, objects); more !== null; ) {
    column += ` ${more}`;
    more = readColumnOption(reader, objects);
  }
  return column;
}

function readColumnOption(reader: TokenReader, objects: DumpObjects): string | null {
  const name = reader.takeWords("constraint") ? `constraint ${reader.quotedName()} ` : "";
  const option = readUnnamedOption(reader, objects);
  if (option === null && name !== "") throw reader.unexpected("a constraint");
  return option === null ? null : name + option;
}

function readUnnamedOption(reader: TokenReader, objects: DumpObjects): string | null {
  if (reader.takeWords("not", "null")) return "not null";
  if (reader.takeWords("null")) return "null";
  const key = reader.takeWords("primary", "key") ? "primary key" : reader.takeOneOf("unique");
  if (key !== null) {
    objects.madeUnnamed("constraint");
    return key;
  }
  if (reader.takeWords("default")) return `default ${readOperand(reader, objects)}`;
  if (reader.isWord("check")) return readCheck(reader, objects);
  if (reader.isWord("references")) return readReferences(reader, objects);
  if (reader.takeWords("generated")) return readGenerated(reader, objects);
  return null;
}

/** An identity, or a value computed from other columns. */
export function readGenerated(reader: TokenReader, objects: DumpObjects): string {
  const isAlways = reader.takeWords("always");
  if (!isAlways) reader.expectWords("by", "default");
  const when = isAlways ? "always" : "by default";
  reader.expectWords("as");
  if (reader.takeWords("identity")) {
    const options = readIdentityOptions(reader, objects);
    return `generated ${when} as identity${options}`;
  }
  if (!isAlways) throw reader.unexpected("IDENTITY");
  reader.expectSymbol("(");
  const value = readExpression(reader, objects);
  reader.expectSymbol(")");
  reader.expectWords("stored");
  return `generated always as (${value}) stored`;
}

function readIdentityOptions(reader: TokenReader, objects: DumpObjects): string {
  if (!reader.takeSymbol("(")) return "";
  const options = readSequenceOptions(reader, objects);
  reader.expectSymbol(")");
  return ` (${options.trim()})`;
}
