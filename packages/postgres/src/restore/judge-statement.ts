// What becomes of a statement of a dump: it runs, written anew from what was understood of it; or it is
// left out, since the rows of an archive cannot depend on it; or the dump is refused.

import { readAlterTable } from "./alter-table.ts";
import {
  type RowsStatement,
  readCopy,
  readCreateType,
  readInsert,
  readSetval,
} from "./data-statements.ts";
import { DumpObjects, type ObjectKind, RestsOnLeftOut } from "./dump-objects.ts";
import { readCreateIndex } from "./index-statement.ts";
import { isLargeObjectCall, LargeObjectTransaction, readLargeObjectCall } from "./large-objects.ts";
import { calledFunction } from "./select-call.ts";
import { readAlterSequence, readCreateSequence } from "./sequence-statements.ts";
import {
  readSet,
  readSetConfig,
  type SettingStatement,
  type TextRules,
} from "./settings-statements.ts";
import { Lexer, LexicalError } from "./sql-tokens.ts";
import { requireNotLeftOut } from "./statement-kinds.ts";
import { readCreateTable } from "./table-statements.ts";
import { RefusedStatement, TokenReader } from "./token-reader.ts";

/**
 * - `run`: the statement in one canonical form, with every name quoted and in its schema, every value
 *   a plain literal, and no comment. Whatever a server's lexer sees in it, ours has seen.
 * - `rows`: the same for COPY and INSERT.
 * - `setting`: of the server, for the time of the restore.
 * - `noted`: it sets how the following text is read, or is empty.
 * - `left out`, with what the result lists it under.
 * - `refused`, with the reason.
 */
export type Verdict =
  | { readonly kind: "run"; readonly sql: string }
  | ({ readonly kind: "rows" } & RowsStatement)
  | ({ readonly kind: "setting" } & SettingStatement)
  | { readonly kind: "noted" }
  | { readonly kind: "left out"; readonly what: string }
  | { readonly kind: "refused"; readonly why: string };

type Read = (reader: TokenReader, objects: DumpObjects) => string;

/** Statements that define something, by their first words. */
const DEFINITIONS: readonly (readonly [read: Read, ...words: string[]])[] = [
  [readCreateType, "create", "type"],
  [readCreateTable, "create", "table"],
  [readCreateTable, "create", "unlogged", "table"],
  [readCreateSequence, "create", "sequence"],
  [readCreateSequence, "create", "unlogged", "sequence"],
  [readCreateIndex, "create", "index"],
  [readCreateIndex, "create", "unique", "index"],
  [readAlterTable, "alter", "table"],
  [readAlterOther("sequence", readAlterSequence), "alter", "sequence"],
  [readAlterOther("index"), "alter", "index"],
  [readAlterOther("type"), "alter", "type"],
  [readDrop("table"), "drop", "table"],
  [readDrop("sequence"), "drop", "sequence"],
  [readDrop("type"), "drop", "type"],
  [readDrop("index"), "drop", "index"],
];

/** Judges the statements of one dump in their order: what one means may rest on those before it. */
export class StatementJudge {
  /** How the text is to be read; the dump may change it. */
  readonly rules: TextRules = { standardStrings: true };
  readonly #objects = new DumpObjects();
  readonly #largeObjects = new LargeObjectTransaction();

  /** Nothing was made yet. */
  get isAtBeginning(): boolean {
    return this.#objects.isEmpty;
  }

  /** Names of the tables that were made, without their schema. */
  get tables(): readonly string[] {
    return this.#objects.tables;
  }

  /** A transaction of large objects was begun and has not ended. */
  get isInTransaction(): boolean {
    return this.#largeObjects.isOpen;
  }

  /** @param text of one statement, with its semicolon and whatever comments stand in it. */
  judge(text: string): Verdict {
    try {
      if (text.includes("\0")) throw new RefusedStatement("it has a NUL byte");
      return this.#judge(new TokenReader(text, this.rules.standardStrings));
    } catch (error) {
      if (error instanceof RestsOnLeftOut) return this.#leaveOut(text, error.kind);
      const isRefusal = error instanceof RefusedStatement || error instanceof LexicalError;
      if (isRefusal) return { kind: "refused", why: error.message };
      throw error;
    }
  }

  /** What runs was read to its end; of what does not, psql must not have read another one. */
  #leaveOut(text: string, what: string): Verdict {
    try {
      const isWhole = !new Lexer(text, this.rules.standardStrings).hasPsqlInside();
      if (isWhole) return { kind: "left out", what };
      return { kind: "refused", why: "it has a psql command or a variable of psql inside" };
    } catch (error) {
      if (!(error instanceof LexicalError)) throw error;
      return { kind: "refused", why: error.message };
    }
  }

  /** The dump goes on in a new session, which knows none of its settings. */
  reconnect(): void {
    this.rules.standardStrings = true;
    this.#objects.setSearchPath(["public"]);
  }

  #judge(reader: TokenReader): Verdict {
    const objects = this.#objects;
    if (reader.isSymbol(";") || reader.peek().kind === "end") {
      reader.expectEnd();
      return { kind: "noted" };
    }
    if (this.#largeObjects.takes(reader, objects)) throw new RestsOnLeftOut("large objects");
    requireNotLeftOut(reader, objects);
    const definition = DEFINITIONS.find(([, ...words]) => reader.isWord(...words));
    if (definition !== undefined) return { kind: "run", sql: definition[0](reader, objects) };
    if (reader.isWord("copy")) return { kind: "rows", ...readCopy(reader, objects) };
    if (reader.isWord("insert")) return { kind: "rows", ...readInsert(reader, objects) };
    if (reader.isWord("set")) return setting(readSet(reader, objects, this.rules));
    if (reader.isWord("select")) return judgeSelect(reader, objects, this.rules);
    throw new RefusedStatement("a dump of an archive needs no such statement");
  }
}

function setting(statement: SettingStatement | null): Verdict {
  return statement === null ? { kind: "noted" } : { kind: "setting", ...statement };
}

/** Of all functions a dump may call two, and those of large objects, which are left out. */
function judgeSelect(reader: TokenReader, objects: DumpObjects, rules: TextRules): Verdict {
  const called = calledFunction(reader);
  if (called === "setval") return { kind: "run", sql: readSetval(reader, objects) };
  if (called === "set_config") return setting(readSetConfig(reader, objects, rules));
  if (isLargeObjectCall(reader)) {
    readLargeObjectCall(reader, objects);
    throw new RestsOnLeftOut("large objects");
  }
  throw new RefusedStatement("of queries only setval and set_config may run");
}

/** ALTER of something other than a table: who owns it and how it is stored is left out. */
function readAlterOther(kind: ObjectKind, read?: Read): Read {
  return (reader, objects) => {
    const at = reader.isWord("alter", kind, "if", "exists") ? 4 : 2;
    const after = reader.isSymbol(".", at + 1) ? at + 3 : at + 1;
    const word = reader.peek(after).text;
    if (word === "owner") throw new RestsOnLeftOut("owners");
    const isStorage = word === "set" || word === "alter" || word === "reset";
    if (kind === "index" && isStorage) throw new RestsOnLeftOut("storage");
    if (read !== undefined) return read(reader, objects);
    throw new RefusedStatement(`a dump of an archive changes no ${kind}`);
  };
}

/** The database is empty, so nothing is there to drop but what the dump has made itself. */
function readDrop(kind: ObjectKind): Read {
  return (reader, objects) => {
    reader.expectWords("drop", kind);
    reader.takeWords("if", "exists");
    for (const { name } of reader.separated(() => reader.qualifiedName())) {
      const isOfSerial = kind === "sequence" && objects.hasSerial;
      if (!isOfSerial && !objects.hasMade(kind, name)) continue;
      throw new RefusedStatement(`it drops the ${kind} ${name}, which the dump made itself`);
    }
    throw new RestsOnLeftOut("drops");
  };
}
