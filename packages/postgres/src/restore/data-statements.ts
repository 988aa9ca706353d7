// The statements that load rows (COPY and INSERT), and the one that sets a sequence (setval).

import { quoteIdentifier, quoteLiteral } from "../session/identifiers.ts";
import { type DumpObjects, inPublic, RestsOnLeftOut } from "./dump-objects.ts";
import { readOperand, sequenceIn } from "./expressions.ts";
import { takeCalled } from "./select-call.ts";
import { RefusedStatement, type TokenReader } from "./token-reader.ts";

/** Rows that go into a table of the dump. */
export interface RowsStatement {
  readonly sql: string;
  /** Without its schema. */
  readonly table: string;
}

/** COPY public.some (a, b) FROM stdin */
export function readCopy(reader: TokenReader, objects: DumpObjects): RowsStatement {
  reader.expectWords("copy");
  const target = readTarget(reader, objects);
  reader.expectWords("from", "stdin");
  reader.expectEnd();
  return { sql: `copy ${target.text} from stdin`, table: target.table };
}

/**
 * Whether rows follow the statement. It is checked for whatever begins with COPY, since rows that
 * were taken for statements would be reported as nonsense.
 */
export function readsStandardInput(reader: TokenReader): boolean {
  return reader.takeWords("copy") && reader.reachesOutside(() => reader.isWord("from", "stdin"));
}

/** INSERT INTO public.some (a, b) VALUES (1, 'x'), … */
export function readInsert(reader: TokenReader, objects: DumpObjects): RowsStatement {
  reader.expectWords("insert", "into");
  const target = readTarget(reader, objects);
  let overriding = "";
  if (reader.takeWords("overriding")) {
    const which = reader.takeOneOf("system", "user");
    if (which === null) throw reader.unexpected("SYSTEM or USER");
    reader.expectWords("value");
    overriding = ` overriding ${which} value`;
  }
  const values = reader.takeWords("default", "values")
    ? "default values"
    : `values ${readRows(reader, objects)}`;
  const conflict = reader.takeWords("on", "conflict", "do", "nothing")
    ? " on conflict do nothing"
    : "";
  reader.expectEnd();
  return {
    sql: `insert into ${target.text}${overriding} ${values}${conflict}`,
    table: target.table,
  };
}

function readRows(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("values");
  const rows = reader.separated(
    () => `(${reader.list(() => readValue(reader, objects)).join(", ")})`,
  );
  return rows.join(", ");
}

function readValue(reader: TokenReader, objects: DumpObjects): string {
  if (reader.takeWords("default")) return "default";
  const { kind } = reader.peek();
  const isLiteral =
    kind === "string" ||
    kind === "number" ||
    reader.isSymbol("-") ||
    ["null", "true", "false"].some((word) => reader.isWord(word));
  if (!isLiteral) throw reader.unexpected("a literal");
  return readOperand(reader, objects);
}

function readTarget(reader: TokenReader, objects: DumpObjects) {
  const written = reader.qualifiedName();
  const relation = inPublic(objects.nameIn(written));
  if (objects.isLeftOut("relation", written)) {
    throw new RefusedStatement(`its rows go into ${written.name}, which is left out`);
  }
  // The configuration of an extension is dumped into tables that the extension makes.
  if (objects.mayBeOfExtension && !objects.hasMade("table", written.name)) {
    throw new RestsOnLeftOut();
  }
  const columns = reader.isSymbol("(") ? reader.list(() => reader.quotedName()) : [];
  const text = columns.length > 0 ? `${relation} (${columns.join(", ")})` : relation;
  return { text, table: written.name };
}

/** SELECT pg_catalog.setval('public.some_id_seq', 12, true) */
export function readSetval(reader: TokenReader, objects: DumpObjects): string {
  takeCalled(reader);
  reader.expectSymbol("(");
  const sequence = sequenceIn(reader.string(), objects);
  reader.expectSymbol(",");
  const value = reader.integer();
  let isCalled = "true";
  if (reader.takeSymbol(",")) {
    const word = reader.takeOneOf("true", "false");
    if (word === null) throw reader.unexpected("TRUE or FALSE");
    isCalled = word;
  }
  reader.expectSymbol(")");
  reader.expectEnd();
  return `select pg_catalog.setval(${sequence}, ${value}, ${isCalled})`;
}

/** CREATE TYPE public.some AS ENUM ('a', 'b'); a type of another kind is no column's of an archive. */
export function readCreateType(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("create", "type");
  const written = reader.qualifiedName();
  const name = objects.nameIn(written);
  if (!reader.takeWords("as", "enum")) {
    objects.leftOut("type", written);
    throw new RestsOnLeftOut("types other than enums");
  }
  const labels = reader.isSymbol(")", 1) ? [] : reader.list(() => quoteLiteral(reader.string()));
  if (labels.length === 0) throw new RefusedStatement(`the enum ${name} has no label`);
  reader.expectEnd();
  objects.madeEnum(name);
  return `create type public.${quoteIdentifier(name)} as enum (${labels.join(", ")})`;
}
