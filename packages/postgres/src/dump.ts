// Writes a database as a plain SQL dump: with pg_dump where one is found that knows the server,
// else by ourselves, which needs no client programs because the schema is ours.

import { rm } from "node:fs/promises";
import { ConfigError, fileError } from "@forklift/pipeline";
import { findPgDump, majorOf } from "./binaries.ts";
import { openDumpFile, publishFile } from "./dump-file.ts";
import { type Ddl, writeOwnDump } from "./own-dump.ts";
import { runPgDump } from "./pg-dump.ts";
import { connect } from "./session.ts";

export interface DumpOptions {
  readonly url: string;
  /** The schema that the database was made with; our own writer frames the rows with it. */
  readonly ddl: Ddl;
  /** Where the SQL goes. Appears whole or not at all. */
  readonly out: string;
  /** auto: pg_dump when found and not older than the server, else our own writer. */
  readonly writer?: "auto" | "pg_dump" | "own";
  /** Breaks it off; nothing is left then. */
  readonly signal?: AbortSignal;
}

export interface DumpResult {
  readonly writer: "pg_dump" | "own";
}

/**
 * Dumps schema `public` of one moment; what forklift keeps in schema `forklift` stays out.
 * @throws ConfigError when pg_dump is asked for and there is none for this server.
 */
export async function writeDump(options: DumpOptions): Promise<DumpResult> {
  const { url, ddl, out, writer = "auto", signal } = options;
  const partial = `${out}.partial`;
  try {
    await using session = await connect(url, { applicationName: "forklift dump", readOnly: true });
    const [row] = await session.query<{ server_version: string }>("show server_version");
    const version = row?.server_version ?? "";
    const program = writer === "own" ? undefined : await findPgDump(majorOf(version));
    if (program !== undefined) {
      await runPgDump(program, url, { file: partial, ...(signal === undefined ? {} : { signal }) });
    } else if (writer === "pg_dump") {
      throw new ConfigError(`found no pg_dump for PostgreSQL ${version}`, {
        hint: `install the client programs of PostgreSQL ${majorOf(version)} or newer`,
      });
    } else {
      await using file = await openDumpFile(partial);
      await writeOwnDump(session, ddl, (text) => {
        signal?.throwIfAborted();
        return file.write(text);
      });
      await file.flush();
    }
    await publishFile(partial, out);
    return { writer: program === undefined ? "own" : "pg_dump" };
  } catch (error) {
    await rm(partial, { force: true });
    throw fileError(error, `write ${out}`);
  }
}
