// The lines of a dump that are psql's and not the server's. pg_dump writes \restrict, \unrestrict and,
// with --create, \connect to the database that it made.

import { SourceDataError } from "@forklift/pipeline";
import { firstWords } from "./statement-splitter.ts";

/** \connect name, \connect "name", \connect -reuse-previous=on "dbname='name'" */
const CONNECT =
  /^\\c(?:onnect)?\s+(?:-reuse-previous=on\s+)?("(?:[^"]|"")+"|[^\s"'\\-][^\s"'\\]*)$/;

export class PsqlCommands {
  #database: string | null = null;

  /**
   * @param isAtBeginning whether the dump has made nothing yet: what it made would stay behind in
   * another database.
   * @throws SourceDataError for whatever else psql can do, which is anything.
   */
  obey(command: string, offset: number, isAtBeginning: boolean): "noted" | "left out" {
    const name = command.split(/\s/, 1)[0];
    if (name === "\\restrict" || name === "\\unrestrict") return "noted";
    if (name === "\\set") return "left out";
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
    return "noted";
  }
}

function refused(message: string): SourceDataError {
  return new SourceDataError(message, {
    hint: "give the dump of one database, as pg_dump writes it",
  });
}
