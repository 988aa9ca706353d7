// Constraints of tables, as CREATE TABLE and ALTER TABLE write them.

import { quoteIdentifier } from "../session/identifiers.ts";
import type { DumpObjects } from "./dump-objects.ts";
import { readExpression } from "./expressions.ts";
import { readStorageParameters, skipTablespace } from "./storage-options.ts";
import type { TokenReader } from "./token-reader.ts";

const KINDS = ["constraint", "primary", "unique", "check", "foreign"];
const ACTIONS = [["no", "action"], ["restrict"], ["cascade"], ["set", "null"], ["set", "default"]];

/** Whether a constraint begins here, and no column of that name. */
export function isTableConstraint(reader: TokenReader): boolean {
  return KINDS.some((word) => reader.isWord(word));
}

/** [CONSTRAINT name] PRIMARY KEY | UNIQUE | CHECK | FOREIGN KEY … */
export function readConstraint(reader: TokenReader, objects: DumpObjects): string {
  const name = reader.takeWords("constraint") ? reader.name() : null;
  const constraint = readUnnamed(reader, objects) + readTiming(reader);
  if (name === null) {
    objects.madeUnnamed("constraint");
    return constraint;
  }
  objects.made("constraint", name);
  return `constraint ${quoteIdentifier(name)} ${constraint}`;
}

function readUnnamed(reader: TokenReader, objects: DumpObjects): string {
  if (reader.takeWords("primary", "key")) return `primary key${readKey(reader)}`;
  if (reader.takeWords("unique")) {
    const nulls = reader.takeWords("nulls", "not", "distinct") ? " nulls not distinct" : "";
    return `unique${nulls}${readKey(reader)}`;
  }
  if (reader.isWord("check")) return readCheck(reader, objects);
  reader.expectWords("foreign", "key");
  return `foreign key${readColumns(reader)} ${readReferences(reader, objects)}`;
}

/** CHECK (a > 0) */
export function readCheck(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("check");
  reader.expectSymbol("(");
  const condition = readExpression(reader, objects);
  reader.expectSymbol(")");
  return `check (${condition})${reader.takeWords("no", "inherit") ? " no inherit" : ""}`;
}

function readKey(reader: TokenReader): string {
  const columns = readColumns(reader);
  const included = reader.takeWords("include") ? ` include${readColumns(reader)}` : "";
  const parameters = readStorageParameters(reader);
  if (reader.takeWords("using", "index")) {
    if (!reader.isWord("tablespace")) throw reader.unexpected("TABLESPACE");
    skipTablespace(reader);
  }
  return columns + included + parameters;
}

function readColumns(reader: TokenReader): string {
  return ` (${reader.list(() => reader.quotedName()).join(", ")})`;
}

/** REFERENCES public.other(id) ON DELETE … */
export function readReferences(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("references");
  let text = `references ${objects.relation(reader.qualifiedName())}`;
  if (reader.isSymbol("(")) text += readColumns(reader);
  if (reader.takeWords("match")) {
    const match = reader.takeOneOf("full", "simple");
    if (match === null) throw reader.unexpected("FULL or SIMPLE");
    text += ` match ${match}`;
  }
  while (reader.takeWords("on")) {
    const event = reader.takeOneOf("delete", "update");
    const action = ACTIONS.find((words) => reader.takeWords(...words));
    if (event === null || action === undefined) throw reader.unexpected("an action");
    text += ` on ${event} ${action.join(" ")}`;
  }
  return text;
}

function readTiming(reader: TokenReader): string {
  let text = "";
  if (reader.takeWords("not", "deferrable")) text += " not deferrable";
  if (reader.takeWords("deferrable")) text += " deferrable";
  if (reader.takeWords("initially", "deferred")) text += " initially deferred";
  if (reader.takeWords("initially", "immediate")) text += " initially immediate";
  if (reader.takeWords("not", "valid")) text += " not valid";
  return text;
}
