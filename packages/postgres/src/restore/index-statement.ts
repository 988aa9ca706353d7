// CREATE INDEX, over columns or over expressions that call nothing.

import { quoteIdentifier } from "../session/identifiers.ts";
import { readCollation } from "./collation.ts";
import { type DumpObjects, RestsOnLeftOut } from "./dump-objects.ts";
import { readExpression, readOperand } from "./expressions.ts";
import { readStorageParameters, skipTablespace } from "./storage-options.ts";
import { type QualifiedName, RefusedStatement, type TokenReader } from "./token-reader.ts";

const METHODS = ["btree", "hash", "gin", "gist", "spgist", "brin"];

/** Of the server: each orders or matches one plain type, and has no code of anybody's. */
const OPERATOR_CLASS =
  /^(?:(?:text|varchar|bpchar)(?:_pattern)?|int[248]|numeric|bool|bytea|date|timestamp|timestamptz|uuid|array|enum|jsonb|jsonb_path|inet|cidr|float[48])(?:_minmax|_bloom)?_ops$/;

/** CREATE [UNIQUE] INDEX some_idx ON public.some USING btree (…) */
export function readCreateIndex(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("create");
  const unique = reader.takeWords("unique") ? "unique " : "";
  reader.expectWords("index");
  const ifMissing = reader.takeWords("if", "not", "exists") ? "if not exists " : "";
  if (reader.isWord("concurrently")) throw reader.unexpected("the name of an index");
  // The index is made where its table lies; pg_dump writes its name alone.
  const name = reader.isWord("on") ? null : reader.name();
  reader.expectWords("on");
  const only = reader.takeWords("only") ? "only " : "";
  const table = objects.relation(reader.qualifiedName());
  const method = reader.takeWords("using") ? readMethod(reader, objects) : "btree";
  const keys = reader.list(() => readKey(reader, objects));
  let text = `using ${method} (${keys.join(", ")})`;
  if (reader.takeWords("include")) {
    text += ` include (${reader.list(() => reader.quotedName()).join(", ")})`;
  }
  if (reader.takeWords("nulls", "not", "distinct")) text += " nulls not distinct";
  text += readStorageParameters(reader);
  skipTablespace(reader);
  if (reader.takeWords("where")) text += ` where ${readExpression(reader, objects)}`;
  reader.expectEnd();
  if (name === null) objects.madeUnnamed("index");
  else objects.made("index", name);
  const named = name === null ? "" : `${ifMissing}${quoteIdentifier(name)} `;
  return `create ${unique}index ${named}on ${only}${table} ${text}`;
}

function readMethod(reader: TokenReader, objects: DumpObjects): string {
  const name = reader.name();
  if (METHODS.includes(name)) return name;
  return restsOrRefuse(
    objects,
    { schema: null, name },
    `the access method ${name} is not PostgreSQL's own`,
  );
}

function readKey(reader: TokenReader, objects: DumpObjects): string {
  let key = readOperand(reader, objects);
  key += readCollation(reader);
  const isClass =
    ["word", "name"].includes(reader.peek().kind) && !ORDER.some((word) => reader.isWord(word));
  if (isClass) key += ` ${readOperatorClass(reader, objects)}`;
  const order = reader.takeOneOf("asc", "desc");
  if (order !== null) key += ` ${order}`;
  if (reader.takeWords("nulls")) {
    const place = reader.takeOneOf("first", "last");
    if (place === null) throw reader.unexpected("FIRST or LAST");
    key += ` nulls ${place}`;
  }
  return key;
}

const ORDER = ["asc", "desc", "nulls"];

function readOperatorClass(reader: TokenReader, objects: DumpObjects): string {
  const written = reader.qualifiedName();
  const { schema, name } = written;
  const isBuiltIn = schema === null || schema === "pg_catalog";
  if (isBuiltIn && OPERATOR_CLASS.test(name)) return `pg_catalog.${name}`;
  return restsOrRefuse(objects, written, `the operator class ${name} is not PostgreSQL's own`);
}

/** What the dump defined or an extension brought is left out, and so is an index over it. */
function restsOrRefuse(objects: DumpObjects, name: QualifiedName, why: string): never {
  if (objects.isLeftOut("method", name) || objects.mayBeOfExtension) {
    throw new RestsOnLeftOut();
  }
  throw new RefusedStatement(why);
}
