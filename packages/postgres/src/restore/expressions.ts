// Expressions in statements that run: literals, casts, names of columns, comparisons, the next value of
// a sequence and the present time. Nothing in them can call a function of anybody's.

import { quoteIdentifier, quoteLiteral } from "../session/identifiers.ts";
import { readType } from "./column-types.ts";
import { type DumpObjects, RestsOnLeftOut } from "./dump-objects.ts";
import { RefusedStatement, TokenReader } from "./token-reader.ts";

const COMPARISONS = ["=", "<>", "!=", "<=", ">=", "<", ">"];
const CONSTANTS = ["null", "true", "false"];

/** Mesa's `migration_history` has it as a default. */
const PRESENT_TIME = ["current_timestamp", "current_date", "localtimestamp"];

/** An expression as SQL. */
export function readExpression(reader: TokenReader, objects: DumpObjects): string {
  return reader.nested(() => {
    const parts = [readConjunction(reader, objects)];
    while (reader.takeWords("or")) parts.push(readConjunction(reader, objects));
    return parts.join(" or ");
  });
}

function readConjunction(reader: TokenReader, objects: DumpObjects): string {
  const parts = [readNegation(reader, objects)];
  while (reader.takeWords("and")) parts.push(readNegation(reader, objects));
  return parts.join(" and ");
}

function readNegation(reader: TokenReader, objects: DumpObjects): string {
  if (!reader.takeWords("not")) return readComparison(reader, objects);
  return reader.nested(() => `not ${readNegation(reader, objects)}`);
}

function readComparison(reader: TokenReader, objects: DumpObjects): string {
  const left = readOperand(reader, objects);
  if (reader.takeWords("is")) {
    const not = reader.takeWords("not") ? "not " : "";
    const what = reader.takeOneOf(...CONSTANTS, "unknown");
    if (what === null) throw reader.unexpected("NULL, TRUE, FALSE or UNKNOWN");
    return `${left} is ${not}${what}`;
  }
  const isNegated = reader.isWord("not", "in");
  if (isNegated) reader.expectWords("not");
  if (reader.takeWords("in")) {
    const items = reader.list(() => readOperand(reader, objects));
    return `${left} ${isNegated ? "not in" : "in"} (${items.join(", ")})`;
  }
  const sign = COMPARISONS.find((symbol) => reader.takeSymbol(symbol));
  if (sign === undefined) return left;
  const all = reader.takeOneOf("any", "all");
  if (all === null) return `${left} ${sign} ${readOperand(reader, objects)}`;
  reader.expectSymbol("(");
  const array = readOperand(reader, objects);
  reader.expectSymbol(")");
  return `${left} ${sign} ${all} (${array})`;
}

/** What stands on one side of a comparison, and what a default is. */
export function readOperand(reader: TokenReader, objects: DumpObjects): string {
  let operand = reader.nested(() => readPrimary(reader, objects));
  while (reader.takeSymbol("::")) operand += `::${readType(reader, objects)}`;
  return operand;
}

function readPrimary(reader: TokenReader, objects: DumpObjects): string {
  const { kind, text } = reader.peek();
  if (kind === "string") return quoteLiteral(reader.string());
  if (kind === "number") return reader.next().text;
  if (reader.isSymbol("-") || reader.isSymbol("+")) return readSigned(reader, objects);
  if (reader.takeSymbol("(")) {
    const inner = readExpression(reader, objects);
    reader.expectSymbol(")");
    return `(${inner})`;
  }
  if (kind === "word" && text === "array" && reader.isSymbol("[", 1)) {
    return readArray(reader, objects);
  }
  const constant = reader.takeOneOf(...CONSTANTS, ...PRESENT_TIME);
  return constant ?? readNamed(reader, objects);
}

function readSigned(reader: TokenReader, objects: DumpObjects): string {
  const sign = reader.next().text;
  const { kind } = reader.peek();
  if (kind !== "number" && !reader.isSymbol("(")) throw reader.unexpected("a number");
  return `${sign} ${readPrimary(reader, objects)}`;
}

function readArray(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("array");
  reader.expectSymbol("[");
  const items = reader.separated(() => readOperand(reader, objects));
  reader.expectSymbol("]");
  return `array[${items.join(", ")}]`;
}

/** Their value depends on the session and its role; in double quotes they are names of columns. */
const SESSION_WORDS = [
  ...["user", "current_user", "session_user", "current_role", "current_catalog", "current_schema"],
  ...["system_user", "current_time", "localtime", "case", "select", "cast"],
];

function readNamed(reader: TokenReader, objects: DumpObjects): string {
  if (SESSION_WORDS.some((word) => reader.isWord(word))) throw reader.unexpected("a plain value");
  const written = reader.qualifiedName();
  const { schema, name } = written;
  if (!reader.isSymbol("(")) {
    if (schema !== null)
      throw new RefusedStatement(`${schema}.${name} is no column of its own table`);
    return quoteIdentifier(name);
  }
  const isBuiltIn = schema === null || schema === "pg_catalog";
  if (isBuiltIn && name === "nextval") return readNextval(reader, objects);
  if (isBuiltIn && name === "now") {
    reader.expectSymbol("(");
    reader.expectSymbol(")");
    return "pg_catalog.now()";
  }
  const shown = schema === null ? name : `${schema}.${name}`;
  const isOfDump = objects.isLeftOut("function", written);
  if (isOfDump || (!isBuiltIn && objects.mayBeOfExtension)) throw new RestsOnLeftOut();
  throw new RefusedStatement(`it calls the function ${shown}`);
}

/** nextval('public.some_id_seq'::regclass) */
function readNextval(reader: TokenReader, objects: DumpObjects): string {
  reader.expectSymbol("(");
  const sequence = sequenceIn(reader.string(), objects);
  while (reader.takeSymbol("::")) {
    const { schema, name } = reader.qualifiedName();
    const isBuiltIn = schema === null || schema === "pg_catalog";
    if (!isBuiltIn || !["regclass", "text"].includes(name)) {
      throw new RefusedStatement(`it casts the name of a sequence to ${name}`);
    }
  }
  reader.expectSymbol(")");
  return `pg_catalog.nextval(${sequence})`;
}

/**
 * The sequence that a text names, as an argument for SQL. The database held nothing before, so one of
 * that name in schema public is the dump's own.
 */
export function sequenceIn(text: string, objects: DumpObjects): string {
  const reader = new TokenReader(text, true);
  const written = reader.qualifiedName();
  if (reader.peek().kind !== "end") throw new RefusedStatement(`${text} is no name of a sequence`);
  return `${quoteLiteral(objects.relation(written))}::pg_catalog.regclass`;
}
