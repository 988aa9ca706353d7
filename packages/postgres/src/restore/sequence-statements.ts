// CREATE SEQUENCE and ALTER SEQUENCE, and the options that identity columns share with them.

import { quoteIdentifier } from "../session/identifiers.ts";
import { type DumpObjects, inPublic } from "./dump-objects.ts";
import type { TokenReader } from "./token-reader.ts";

const INTEGER_TYPES = ["smallint", "integer", "bigint"];

/** CREATE SEQUENCE public.some_id_seq START WITH 1 … */
export function readCreateSequence(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("create");
  const unlogged = reader.takeWords("unlogged") ? "unlogged " : "";
  reader.expectWords("sequence");
  const ifMissing = reader.takeWords("if", "not", "exists") ? "if not exists " : "";
  const written = reader.qualifiedName();
  const relation = inPublic(objects.nameIn(written));
  const options = readSequenceOptions(reader, objects);
  reader.expectEnd();
  objects.made("sequence", written.name);
  return `create ${unlogged}sequence ${ifMissing}${relation}${options}`;
}

/** ALTER SEQUENCE public.some_id_seq OWNED BY public.some.id */
export function readAlterSequence(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("alter", "sequence");
  const ifThere = reader.takeWords("if", "exists") ? "if exists " : "";
  const relation = objects.relation(reader.qualifiedName());
  const options = readSequenceOptions(reader, objects);
  if (options === "") throw reader.unexpected("an option of a sequence");
  reader.expectEnd();
  return `alter sequence ${ifThere}${relation}${options}`;
}

/** Each with a space before it. */
export function readSequenceOptions(reader: TokenReader, objects: DumpObjects): string {
  let options = "";
  for (let option = readOption(reader, objects); option !== null; ) {
    options += ` ${option}`;
    option = readOption(reader, objects);
  }
  return options;
}

function readOption(reader: TokenReader, objects: DumpObjects): string | null {
  if (reader.takeWords("as")) {
    const type = reader.takeOneOf(...INTEGER_TYPES);
    if (type === null) throw reader.unexpected("an integer type");
    return `as ${type}`;
  }
  if (reader.takeWords("no")) {
    const what = reader.takeOneOf("minvalue", "maxvalue", "cycle");
    if (what === null) throw reader.unexpected("MINVALUE, MAXVALUE or CYCLE");
    return `no ${what}`;
  }
  if (reader.takeWords("cycle")) return "cycle";
  if (reader.takeWords("sequence", "name")) {
    const written = reader.qualifiedName();
    const relation = inPublic(objects.nameIn(written));
    objects.made("sequence", written.name);
    return `sequence name ${relation}`;
  }
  if (reader.takeWords("owned", "by")) return `owned by ${readOwner(reader, objects)}`;
  const word = reader.takeOneOf("minvalue", "maxvalue", "cache", "start", "increment");
  if (word === null) return null;
  if (word === "start") reader.takeWords("with");
  if (word === "increment") reader.takeWords("by");
  return `${word} ${reader.integer()}`;
}

/** public.some.id, or some.id: a table and its column. */
function readOwner(reader: TokenReader, objects: DumpObjects): string {
  if (reader.takeWords("none")) return "none";
  const parts = [reader.name()];
  while (reader.takeSymbol(".")) parts.push(reader.name());
  const [column = "", table = "", schema = null, ...rest] = parts.toReversed();
  if (table === "" || rest.length > 0) throw reader.unexpected("a table and its column");
  return `${objects.relation({ schema, name: table })}.${quoteIdentifier(column)}`;
}
