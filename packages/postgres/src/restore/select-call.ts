// SELECT [pg_catalog.]name(…): the only query form in a dump, with the one function that it calls.

import type { TokenReader } from "./token-reader.ts";

/** The name of the function, where the statement is such a call; nothing of it is taken. */
export function calledFunction(reader: TokenReader): string | null {
  if (!reader.isWord("select")) return null;
  const isQualified = reader.isWord("select", "pg_catalog") && reader.isSymbol(".", 2);
  const at = isQualified ? 3 : 1;
  const { kind, text } = reader.peek(at);
  return kind === "word" && reader.isSymbol("(", at + 1) ? text : null;
}

/** Goes behind the name, to its arguments. */
export function takeCalled(reader: TokenReader): void {
  reader.expectWords("select");
  if (reader.takeWords("pg_catalog")) reader.expectSymbol(".");
  reader.name();
}
