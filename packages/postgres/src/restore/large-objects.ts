// Large objects: an archive has none, and pg_dump writes those of others as calls and, for their
// content, as a transaction of its own. All of it is left out.

import type { DumpObjects } from "./dump-objects.ts";
import { readOperand } from "./expressions.ts";
import { calledFunction, takeCalled } from "./select-call.ts";
import { RefusedStatement, type TokenReader } from "./token-reader.ts";

const FUNCTIONS = new Set(["lo_create", "lo_open", "lowrite", "lo_close", "lo_unlink"]);

/** SELECT pg_catalog.lo_open('16385', 131072) */
export function isLargeObjectCall(reader: TokenReader): boolean {
  return FUNCTIONS.has(calledFunction(reader) ?? "");
}

/** To its end, so that nothing else hides in it. */
export function readLargeObjectCall(reader: TokenReader, objects: DumpObjects): void {
  takeCalled(reader);
  if (reader.isSymbol("(") && reader.peek(1).text === "oid") {
    readUnlinkIfThere(reader);
  } else {
    reader.list(() => readOperand(reader, objects));
  }
  reader.expectEnd();
}

/** lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = '16385', as --if-exists has it. */
function readUnlinkIfThere(reader: TokenReader): void {
  reader.list(() => reader.expectWords("oid"));
  reader.expectWords("from", "pg_catalog");
  reader.expectSymbol(".");
  reader.expectWords("pg_largeobject_metadata", "where", "oid");
  reader.expectSymbol("=");
  reader.string();
}

/** What stands between BEGIN and COMMIT, and may be nothing but large objects. */
export class LargeObjectTransaction {
  #isOpen: boolean = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Whether the statement is part of such a transaction.
   * @throws RefusedStatement for what else would steer a transaction, or stand in one.
   */
  takes(reader: TokenReader, objects: DumpObjects): boolean {
    const ends = isAlone(reader, "commit");
    if (this.#isOpen) {
      if (!ends && !isLargeObjectCall(reader)) {
        throw new RefusedStatement(
          "it stands in a transaction, which may hold large objects alone",
        );
      }
      if (!ends) readLargeObjectCall(reader, objects);
      this.#isOpen = !ends;
      return true;
    }
    if (ends) throw new RefusedStatement("it ends a transaction that the dump has not begun");
    this.#isOpen = isAlone(reader, "begin");
    return this.#isOpen;
  }
}

/** A word that is a whole statement. */
function isAlone(reader: TokenReader, word: string): boolean {
  return reader.isWord(word) && (reader.isSymbol(";", 1) || reader.peek(1).kind === "end");
}
