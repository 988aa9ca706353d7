// Runs pg_dump, and says in the words of exit codes what it complains of.

import { type ExecFileException, execFile } from "node:child_process";
import { promisify } from "node:util";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { maskUrl, withoutPassword } from "./connection-url.ts";
import { translateError } from "./sqlstate.ts";

const run = promisify(execFile);

/** Of pg_dump's complaints; it writes the dump itself to a file. */
const STDERR_BYTES_MAX = 1024 * 1024;

/** What went wrong comes first; the text of a long query may follow. */
const SAID_CHARACTERS_MAX = 500;

/** Asked first: to a socket that is not ours to use it says "is the server running" as well. */
const CONFIG_WORDS =
  /permission denied|authentication failed|no password supplied|no pg_hba\.conf entry|(?:role|database) "[^"]*" does not exist/i;

const SERVER_WORDS =
  /is the server running|connection (?:refused|reset|timed out)|timeout expired|could not translate host name|no route to host|network is unreachable|the database system is|too many clients|remaining connection slots|server closed the connection|connection has been closed|terminating connection|could not (?:receive data from|send data to) server|lock timeout/i;

const DISK_WORDS = /no space left on device|disk quota exceeded/i;

/** Writes schema `public` as plain SQL to the file. An aborted signal ends it. */
export async function runPgDump(
  program: string,
  url: string,
  { file, signal }: { readonly file: string; readonly signal?: AbortSignal },
): Promise<void> {
  // Other users see a program's arguments, but not its environment.
  const { url: dbname, password } = withoutPassword(url);
  const args = [
    "--format=plain",
    "--encoding=UTF8",
    "--no-owner",
    "--no-privileges",
    "--exclude-schema=forklift",
    `--file=${file}`,
    `--dbname=${dbname}`,
  ];
  // Its complaints are read, so they are to be English.
  const env = { ...process.env, LC_ALL: "C" };
  const secret = password === undefined ? {} : { PGPASSWORD: password };
  try {
    const options = { env: { ...env, ...secret }, maxBuffer: STDERR_BYTES_MAX };
    await run(program, args, signal === undefined ? options : { ...options, signal });
  } catch (error) {
    throw pgDumpError(error, url);
  }
}

/** Without the error as its cause, which holds the command line. */
function pgDumpError(error: unknown, url: string): unknown {
  const { code, signal, stderr } = error as ExecFileException;
  // A program that could not be started has said nothing.
  if (stderr === undefined || typeof code === "string") return translateError(error, url);
  const said = stderr.trim().replace(/\s*\n\s*/g, " | ");
  const shown = said.slice(0, SAID_CHARACTERS_MAX) || "it said nothing";
  const message = `pg_dump of ${maskUrl(url)} ended with ${code ?? signal}: ${shown}`;
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
  return new Error(message);
}
