// Runs pg_dump, and maps the errors that it reports to forklift's errors, each with its exit code.

import { type ExecFileException, execFile } from "node:child_process";
import { open, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { defined } from "@forklift/system";
import { connectionOf, programUrl, trustedRoots } from "../session/connection-parameters.ts";
import { maskUrl, withoutPassword } from "../session/connection-url.ts";
import type { Session } from "../session/session.ts";
import type { ChangedSetting } from "../session/session-settings.ts";
import { HIDDEN_ROWS_HINT } from "../session/sqlstate.ts";
import { DUMP_END_MARK } from "./dump-frame.ts";

const run = promisify(execFile);

/** Of pg_dump's complaints; it writes the dump itself to a file. */
const STDERR_BYTES_MAX = 1024 * 1024;

/** What went wrong comes first; the text of a long query may follow. */
const SAID_CHARACTERS_MAX = 500;

/** Checked first: to a socket that is not ours to use it says "is the server running" as well. */
const CONFIG_WORDS =
  /permission denied|authentication failed|no password supplied|no pg_hba\.conf entry|(?:role|database) "[^"]*" does not exist/i;

const HIDDEN_ROWS_WORDS = /affected by row-level security policy/i;

const SERVER_WORDS =
  /is the server running|connection (?:refused|reset|timed out)|timeout expired|could not translate host name|no route to host|network is unreachable|the database system is|too many clients|remaining connection slots|server closed the connection|connection has been closed|terminating connection|could not (?:receive data from|send data to) server|lock timeout/i;

const DISK_WORDS = /no space left on device|disk quota exceeded/i;

/** Of what is dumped, and where it goes. */
export interface PgDumpRun {
  readonly url: string;
  readonly file: string;
  /** On the same database: pg_dump's own session gets the same settings. */
  readonly session: Session;
  /** An aborted signal ends it. */
  readonly signal?: AbortSignal;
}

/** It did not come to its work, or ended it in words that we do not know: another writer may do better. */
export class UnusablePgDump extends Error {}

/**
 * Writes schema `public` as plain SQL to the file.
 * @throws UnusablePgDump, or the error that its complaint stands for.
 */
export async function runPgDump(
  program: string,
  { url, file, session, signal }: PgDumpRun,
): Promise<void> {
  const connection = connectionOf(url, process.env);
  const rootFile = `${file}.authorities`;
  const roots = trustedRoots(connection);
  const options = optionsOf(session.changedSettings);
  // Other users see a program's arguments, but not its environment.
  const { url: dbname, password } = withoutPassword(programUrl(connection, { rootFile, options }));
  const args = [
    "--format=plain",
    "--encoding=UTF8",
    "--no-owner",
    "--no-privileges",
    "--exclude-schema=forklift",
    `--file=${file}`,
    `--dbname=${dbname}`,
  ];
  const env = { ...environmentOf(process.env), ...defined({ PGPASSWORD: password }) };
  try {
    if (roots !== null) await writeFile(rootFile, roots);
    const settings = { env, maxBuffer: STDERR_BYTES_MAX };
    await run(program, args, signal === undefined ? settings : { ...settings, signal });
  } catch (error) {
    throw pgDumpError(error, { url, program });
  } finally {
    await rm(rootFile, { force: true });
  }
  if (!(await isWhole(file))) throw new UnusablePgDump(`${program} wrote no whole dump`);
}

/** What stands behind the mark is a line or two. */
const TAIL_BYTES = 1024;

async function isWhole(file: string): Promise<boolean> {
  const handle = await open(file, "r").catch(() => null);
  if (handle === null) return false;
  await using found = handle;
  const { size } = await found.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await found.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
  return buffer.subarray(0, bytesRead).includes(`-- ${DUMP_END_MARK}`);
}

/** As the start of a session takes them. */
function optionsOf(settings: readonly ChangedSetting[]): string {
  return settings
    .map(({ name, value }) => `-c ${name}=${value.replace(/[\\ ]/g, "\\$&")}`)
    .join(" ");
}

/** What the driver takes from the environment, too. All else is in the URL, or was refused. */
const TAKEN_VARIABLES = new Set([
  "PGHOST",
  "PGPORT",
  "PGUSER",
  "PGDATABASE",
  "PGPASSWORD",
  "PGPASSFILE",
]);

function environmentOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = Object.entries(environment).filter(
    ([name]) => !name.startsWith("PG") || TAKEN_VARIABLES.has(name),
  );
  // Its complaints are read, so they are to be English.
  return { ...Object.fromEntries(entries), LC_ALL: "C" };
}

/** Without the error as its cause, which holds the command line. */
function pgDumpError(
  error: unknown,
  { url, program }: { readonly url: string; readonly program: string },
): unknown {
  const { code, signal, stderr } = error as ExecFileException;
  if (error instanceof Error && error.name === "AbortError") return error;
  // A program that could not be started has said nothing.
  if (stderr === undefined || typeof code === "string") {
    return new UnusablePgDump(`${program} could not be run: ${code ?? "no answer"}`);
  }
  const said = stderr.trim().replace(/\s*\n\s*/g, " | ");
  const shown = said.slice(0, SAID_CHARACTERS_MAX) || "it said nothing";
  const message = `pg_dump of ${maskUrl(url)} ended with ${code ?? signal}: ${shown}`;
  if (HIDDEN_ROWS_WORDS.test(said)) return new ConfigError(message, { hint: HIDDEN_ROWS_HINT });
  if (CONFIG_WORDS.test(said)) {
    return new ConfigError(message, {
      hint: "check user, password, database name and privileges of the connection URL",
    });
  }
  if (SERVER_WORDS.test(said)) {
    return new TryAgainError(message, {
      hint: "check that the server is up and reachable, then run the same command again",
    });
  }
  if (DISK_WORDS.test(said)) {
    return new TryAgainError(message, { hint: "check the disk and its free space" });
  }
  // The only one that we send aborts, which was translated above.
  if (signal) {
    return new TryAgainError(message, {
      hint: "something else ended it, often the system for want of memory: see its log, then run again",
    });
  }
  return new UnusablePgDump(message);
}
