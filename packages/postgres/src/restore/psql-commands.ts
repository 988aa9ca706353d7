// The lines of a dump that are psql's and not the server's. pg_dump writes \restrict and \unrestrict
// around all it writes and, with --create, \encoding and \connect to the database that it made.

import { SourceDataError } from "@forklift/pipeline";
import { firstWords } from "./statement-splitter.ts";

/** A further backslash in a line begins another command, or ends this one and begins SQL. */
const RESTRICT = /^\\(?:un)?restrict\s+[A-Za-z0-9]+$/;
/** Of psql's own variables those that only say how much it prints; others change what it runs. */
const SET = /^\\set\s+(?:ON_ERROR_STOP|VERBOSITY|QUIET|ECHO|[a-z]\w*)(?:\s+[\w.,/-]+)*$/;
const ENCODING = /^\\encoding\s+([\w-]+)$/;

/** \connect name, \connect "name", \connect -reuse-previous=on "dbname='name'" */
const CONNECT = /^\\c(?:onnect)?\s+(?:-reuse-previous=on\s+)?("(?:[^"\\]|"")+"|[\w.][\w.-]*)$/;

/**
 * - `noted`: of no consequence here.
 * - `left out`: a variable of psql.
 * - `connected`: what follows is of a new session.
 * - `encoding`: of the text.
 */
export type PsqlVerdict =
  | { readonly kind: "noted" | "left out" | "connected" }
  | { readonly kind: "encoding"; readonly name: string };

export class PsqlCommands {
  #database: string | null = null;

  /**
   * @param isAtBeginning whether the dump has made nothing yet: what it made would stay behind in
   * another database.
   * @throws SourceDataError for whatever else psql can do, which is anything.
   */
  obey(command: string, offset: number, isAtBeginning: boolean): PsqlVerdict {
    if (RESTRICT.test(command)) return { kind: "noted" };
    if (SET.test(command)) return { kind: "left out" };
    const encoding = ENCODING.exec(command)?.[1];
    if (encoding !== undefined) return { kind: "encoding", name: encoding };
    const database = CONNECT.exec(command)?.[1];
    if (database === undefined) {
      throw refused(`the dump has a psql command at byte ${offset}: ${firstWords(command)}`);
    }
    if (this.#database === null ? !isAtBeginning : database !== this.#database) {
      throw refused(
        `the dump connects to a second database at byte ${offset}: ${firstWords(command)}`,
      );
    }
    this.#database = database;
    return { kind: "connected" };
  }
}

function refused(message: string): SourceDataError {
  return new SourceDataError(message, {
    hint: "give the dump of one database, as pg_dump writes it",
  });
}
