// Statements that cannot affect an archive's rows, recognized by their first words and left out.

import { type DumpObjects, type LeftOutKind, RestsOnLeftOut } from "./dump-objects.ts";
import { RefusedStatement, type TokenReader } from "./token-reader.ts";

/** What CREATE, ALTER and DROP are of, and what the result calls it. Longer ones come first. */
const OBJECTS: readonly (readonly [kind: string, ...words: string[]])[] = [
  ["access methods", "access", "method"],
  ["functions", "aggregate"],
  ["functions", "cast"],
  ["functions", "collation"],
  ["functions", "conversion"],
  ["databases", "database"],
  ["types other than enums", "domain"],
  ["event triggers", "event", "trigger"],
  ["extensions", "extension"],
  ["foreign data", "foreign", "data", "wrapper"],
  ["foreign data", "foreign", "table"],
  ["foreign data", "server"],
  ["foreign data", "user", "mapping"],
  ["functions", "function"],
  ["functions", "language"],
  ["large objects", "large", "object"],
  ["functions", "operator", "class"],
  ["functions", "operator", "family"],
  ["functions", "operator"],
  ["row level security", "policy"],
  ["functions", "procedure"],
  ["publications", "publication"],
  ["roles", "group"],
  ["roles", "role"],
  ["roles", "user"],
  ["functions", "routine"],
  ["rules", "rule"],
  ["schemas", "schema"],
  ["statistics", "statistics"],
  ["subscriptions", "subscription"],
  ["tablespaces", "tablespace"],
  ["text search", "text", "search"],
  ["functions", "transform"],
  ["triggers", "trigger"],
  ["views", "materialized", "view"],
  ["views", "view"],
];

/** Between the verb and what it is of. */
const MODIFIERS = ["or", "replace", "trusted", "procedural", "recursive", "constraint", "default"];

/** Statements of one or two words that are left out whatever follows. */
const OTHERS: readonly (readonly [kind: string, ...words: string[]])[] = [
  ["grants", "grant"],
  ["grants", "revoke"],
  ["grants", "alter", "default", "privileges"],
  ["comments", "comment", "on"],
  ["comments", "security", "label"],
  ["roles", "reset", "session", "authorization"],
  ["roles", "reset", "role"],
  ["owners", "reassign", "owned"],
  ["owners", "drop", "owned"],
  ["views", "refresh", "materialized", "view"],
  ["foreign data", "import", "foreign", "schema"],
];

/** By which name a later statement may rest on it, and as what. */
const NAMED: readonly (readonly [kind: LeftOutKind, ...words: string[]])[] = [
  ["function", "function"],
  ["function", "aggregate"],
  ["relation", "view"],
  ["relation", "materialized", "view"],
  ["relation", "foreign", "table"],
  ["type", "domain"],
  ["method", "access", "method"],
  ["method", "operator", "class"],
];

/** @throws RestsOnLeftOut for a statement that is to be left out; the reader stands as it stood else. */
export function requireNotLeftOut(reader: TokenReader, objects: DumpObjects): void {
  for (const [kind, ...words] of OTHERS) {
    if (!reader.isWord(...words)) continue;
    if (words[0] === "drop" && !objects.isEmpty) {
      throw new RefusedStatement("it may drop what the dump has made itself");
    }
    throw new RestsOnLeftOut(kind);
  }
  const verb = ["create", "alter", "drop"].find((word) => reader.isWord(word));
  if (verb === undefined) return;
  let at = 1;
  while (isOneOf(reader, at, MODIFIERS)) at += 1;
  const found = OBJECTS.find(([, ...words]) =>
    words.every((word, offset) => isOneOf(reader, at + offset, [word])),
  );
  if (found === undefined) return;
  const [kind, ...words] = found;
  if (verb === "create") remember(words, reader, at + words.length, objects);
  if (verb === "drop" && kind === "schemas") requireWithout("cascade", reader, objects);
  if (verb === "alter" && kind === "schemas") requireWithout("rename", reader, objects);
  throw new RestsOnLeftOut(kind);
}

function isOneOf(reader: TokenReader, offset: number, words: readonly string[]): boolean {
  const { kind, text } = reader.peek(offset);
  return kind === "word" && words.includes(text);
}

/** What is left out under a name, for statements that may rest on it. */
function remember(
  words: readonly string[],
  reader: TokenReader,
  at: number,
  objects: DumpObjects,
): void {
  if (words[0] === "extension") objects.leftOutExtension();
  const kind = NAMED.find(([, ...named]) => named.join(" ") === words.join(" "))?.[0];
  if (kind === undefined) return;
  const isCautious = ["if", "not", "exists"].every((word, offset) =>
    isOneOf(reader, at + offset, [word]),
  );
  const first = isCautious ? at + 3 : at;
  const { text } = reader.peek(first);
  const name = reader.isSymbol(".", first + 1)
    ? { schema: text, name: reader.peek(first + 2).text }
    : { schema: null, name: text };
  objects.leftOut(kind, name);
}

/** A schema is dropped or renamed before its tables are made, or there would be none of them. */
function requireWithout(word: string, reader: TokenReader, objects: DumpObjects): void {
  if (objects.isEmpty || !reader.hasWordAhead(word)) return;
  throw new RefusedStatement("it takes away a schema with what the dump has made in it");
}
