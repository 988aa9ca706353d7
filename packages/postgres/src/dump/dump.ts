// Writes a database as a plain SQL dump: with pg_dump where one is found that knows the server and works,
// else by ourselves, which needs no client programs because the schema is ours.

import { rm } from "node:fs/promises";
import { ConfigError } from "@forklift/pipeline";
import { defined, fileError } from "@forklift/system";
import { findPgDumps, majorOf } from "../server/binaries.ts";
import { connect, type Session } from "../session/session.ts";
import { openDumpFile, publishFile } from "./dump-file.ts";
import { type Ddl, writeOwnDump } from "./own-dump.ts";
import { type PgDumpRun, runPgDump, UnusablePgDump } from "./pg-dump.ts";

export interface DumpOptions {
  readonly url: string;
  /** The schema that the database was made with; our own writer frames the rows with it. */
  readonly ddl: Ddl;
  /** Where the SQL goes. Appears whole or not at all. */
  readonly out: string;
  /** auto: a pg_dump that is not older than the server and works, else our own writer. */
  readonly writer?: "auto" | "pg_dump" | "own";
  /** Breaks it off; nothing is left then. */
  readonly signal?: AbortSignal;
  /** The programs that know a server of that major, to be tried in turn; default: those of this machine. */
  readonly pgDumps?: (serverMajor: number) => Promise<readonly string[]>;
}

export interface DumpResult {
  readonly writer: "pg_dump" | "own";
  /** Why each pg_dump that was tried before came to nothing. */
  readonly passedOver: readonly string[];
}

/**
 * Dumps schema `public` of one moment; what forklift keeps in schema `forklift` stays out.
 * @throws ConfigError when pg_dump is required and there is none for this server.
 */
export async function writeDump(options: DumpOptions): Promise<DumpResult> {
  const { url, ddl, out, writer = "auto", signal } = options;
  const partial = `${out}.partial`;
  try {
    await using session = await connect(url, { applicationName: "forklift dump", readOnly: true });
    const run: PgDumpRun = { url, file: partial, session, ...defined({ signal }) };
    const { pgDumps = findPgDumps } = options;
    const programs = writer === "own" ? [] : await pgDumps(majorOf(await versionOf(session)));
    const { passedOver, isWritten } = await tryPrograms(programs, run);
    if (!isWritten && writer === "pg_dump") throw await noPgDump(session, passedOver);
    if (!isWritten) {
      await using file = await openDumpFile(partial);
      await writeOwnDump(session, ddl, (text) => {
        signal?.throwIfAborted();
        return file.write(text);
      });
      await file.flush();
    }
    await publishFile(partial, out);
    return { writer: isWritten ? "pg_dump" : "own", passedOver };
  } catch (error) {
    await rm(partial, { force: true });
    throw fileError(error, `write ${out}`);
  }
}

/** One that is there may lack a library, or be a wrapper that starts another version. */
async function tryPrograms(
  programs: readonly string[],
  run: PgDumpRun,
): Promise<{ passedOver: readonly string[]; isWritten: boolean }> {
  const passedOver: string[] = [];
  for (const program of programs) {
    try {
      await runPgDump(program, run);
      return { passedOver, isWritten: true };
    } catch (error) {
      if (!(error instanceof UnusablePgDump)) throw error;
      passedOver.push(error.message);
    }
  }
  return { passedOver, isWritten: false };
}

async function versionOf(session: Session): Promise<string> {
  const [row] = await session.query<{ server_version: string }>("show server_version");
  return row?.server_version ?? "";
}

async function noPgDump(session: Session, passedOver: readonly string[]): Promise<ConfigError> {
  const version = await versionOf(session);
  const tried = passedOver.length === 0 ? "" : ` that works: ${passedOver.join("; ")}`;
  return new ConfigError(`found no pg_dump for PostgreSQL ${version}${tried}`, {
    hint: `install the client programs of PostgreSQL ${majorOf(version)} or newer`,
  });
}
