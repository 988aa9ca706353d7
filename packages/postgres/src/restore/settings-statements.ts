// SET and SELECT set_config: what a dump says of how its own text is to be read. Of these few
// settings its word counts; every other one is the reader's, and is left out.

import { type DumpObjects, RestsOnLeftOut } from "./dump-objects.ts";
import { takeCalled } from "./select-call.ts";
import { RefusedStatement, type TokenReader } from "./token-reader.ts";

/** How the lexer reads what follows; changed by the dump itself. */
export interface TextRules {
  /** Whether a backslash in '…' is a character like any other. */
  standardStrings: boolean;
}

/** A setting that the server needs for reading values. */
export interface SettingStatement {
  readonly name: string;
  readonly value: string;
}

/** The server reads values of rows by them. */
const FOR_VALUES = new Set(["datestyle", "intervalstyle", "timezone", "array_nulls"]);

/** Bytes of these arrive as they are; what is no UTF-8 in them is refused where it stands. */
const ENCODINGS = new Set(["utf8", "utf-8", "unicode", "sql_ascii"]);

/** What pg_dump sets at the head of every dump, and our session has settled for itself. */
const ROUTINE: ReadonlyMap<string, readonly string[]> = new Map([
  ["statement_timeout", ["0"]],
  ["lock_timeout", ["0"]],
  ["idle_in_transaction_session_timeout", ["0"]],
  ["check_function_bodies", ["false", "off"]],
  ["xmloption", ["content"]],
  ["client_min_messages", ["warning"]],
  ["row_security", ["off", "false"]],
  ["escape_string_warning", ["off"]],
  ["default_tablespace", [""]],
  ["default_table_access_method", ["heap"]],
]);

/** With another value than these a dump would mean something else, and to nobody's use. */
const UNLESS: ReadonlyMap<string, readonly string[]> = new Map([
  ["transform_null_equals", ["off", "false"]],
  ["timezone_abbreviations", ["default"]],
  ["backslash_quote", ["safe_encoding"]],
  ["default_transaction_read_only", ["off", "false"]],
  ["transaction_read_only", ["off", "false"]],
]);

const ON = new Set(["on", "true", "yes", "1"]);
const OFF = new Set(["off", "false", "no", "0"]);

/** @throws RestsOnLeftOut for the settings that do not matter to the text. */
export function readSet(
  reader: TokenReader,
  objects: DumpObjects,
  rules: TextRules,
): SettingStatement | null {
  reader.expectWords("set");
  if (reader.isWord("session", "authorization") || reader.isWord("role")) {
    throw new RestsOnLeftOut("roles");
  }
  for (const what of ["transaction", "constraints"]) {
    if (reader.isWord(what)) throw new RefusedStatement("it steers a transaction");
  }
  if (reader.isWord("session", "characteristics")) {
    throw new RefusedStatement("it steers transactions");
  }
  // Outside of a transaction, where a dump's statements stand, it is without effect.
  if (reader.isWord("local")) throw new RestsOnLeftOut("settings");
  reader.takeWords("session");
  if (reader.takeWords("time", "zone")) return obey("timezone", readValues(reader), objects, rules);
  if (reader.takeWords("names")) return obey("client_encoding", readValues(reader), objects, rules);
  if (reader.takeWords("schema")) return obey("search_path", readValues(reader), objects, rules);
  const name = readSettingName(reader);
  if (!reader.takeSymbol("=")) {
    if (!reader.takeWords("to")) throw new RestsOnLeftOut("settings");
  }
  return obey(name, readValues(reader), objects, rules);
}

/** SELECT pg_catalog.set_config('search_path', '', false) */
export function readSetConfig(
  reader: TokenReader,
  objects: DumpObjects,
  rules: TextRules,
): SettingStatement | null {
  takeCalled(reader);
  reader.expectSymbol("(");
  const name = reader.string().toLowerCase();
  reader.expectSymbol(",");
  const value = reader.string();
  reader.expectSymbol(",");
  reader.expectWords("false");
  reader.expectSymbol(")");
  reader.expectEnd();
  return obey(name, name === "search_path" ? schemasIn(value) : [value], objects, rules);
}

function readSettingName(reader: TokenReader): string {
  const parts = [reader.name()];
  while (reader.takeSymbol(".")) parts.push(reader.name());
  return parts.join(".").toLowerCase();
}

/** Words, names, strings and numbers, as texts. */
function readValues(reader: TokenReader): string[] {
  const values = reader.separated(() => {
    const sign = reader.takeSymbol("-") ? "-" : "";
    const { kind, text } = reader.next();
    if (kind === "symbol" || kind === "end") throw new RefusedStatement("a setting has no value");
    return sign + text;
  });
  reader.expectEnd();
  return values;
}

/** The text of a search path: names, of which quoted ones keep their case. */
function schemasIn(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  return names
    .filter((name) => name !== "" && name !== '""')
    .map((name) =>
      name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase(),
    );
}

function obey(
  name: string,
  values: readonly string[],
  objects: DumpObjects,
  rules: TextRules,
): SettingStatement | null {
  const value = values.join(", ");
  switch (name) {
    case "client_encoding":
      requireEncoding(value);
      return null;
    case "standard_conforming_strings":
      rules.standardStrings = switchOf(name, value);
      return null;
    case "search_path":
      // DEFAULT is what every server begins with, whatever it was in the database of the dump.
      objects.setSearchPath(values.map((schema) => (schema === "default" ? "public" : schema)));
      return null;
  }
  const harmless = UNLESS.get(name);
  if (harmless !== undefined && !harmless.includes(value.toLowerCase())) {
    throw new RefusedStatement(`it changes what values or statements mean, with ${name}`);
  }
  if (FOR_VALUES.has(name)) return { name, value };
  if (ROUTINE.get(name)?.includes(value.toLowerCase()) === true) return null;
  throw new RestsOnLeftOut("settings");
}

/** @throws RefusedStatement for text that would arrive as another. */
function requireEncoding(name: string): void {
  if (ENCODINGS.has(name.toLowerCase())) return;
  throw new RefusedStatement(
    `the dump is encoded in ${name}, expected UTF8; make it with pg_dump --encoding=UTF8`,
  );
}

function switchOf(name: string, value: string): boolean {
  if (ON.has(value.toLowerCase())) return true;
  if (OFF.has(value.toLowerCase())) return false;
  throw new RefusedStatement(`${name} is ${value}, expected on or off`);
}
