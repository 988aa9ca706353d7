// Turns pg_dump's own formats into SQL with the pg_restore of this machine. It gets no connection and
// nothing of our environment; what it writes goes through the same rules as any SQL.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { ConfigError } from "@forklift/pipeline";
import type { Program } from "../server/binaries.ts";
import { stopIfAborted } from "../session/stopped.ts";
import { feed } from "./feed.ts";
import { pgRestoreError } from "./pg-restore-error.ts";

export interface PgRestoreOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pgRestore: () => Promise<Program | undefined>;
}

/** Address space in KiB. It needs some 100 MB; a file that is made to make it take more gets no more. */
const MEMORY_KIB_MAX = 1024 * 1024;

/** Where a system knows no such limit, it goes without. */
const LIMITED = `ulimit -c 0; ulimit -v ${MEMORY_KIB_MAX}; exec "$0" "$@"`;

/** Of its complaints; the last one counts. */
const STDERR_CHARACTERS_MAX = 16 * 1024;

/** pg_dump's custom format, as a stream. */
export async function* customDumpSql(
  archive: AsyncIterable<Uint8Array>,
  options: PgRestoreOptions,
): AsyncGenerator<Uint8Array> {
  const found = await requirePgRestore(options, "custom format");
  yield* runPgRestore(found, {
    args: ["--format=custom"],
    input: archive,
    signal: options.signal,
  });
}

/** @throws ConfigError when there is none. */
export async function requirePgRestore(
  { pgRestore }: PgRestoreOptions,
  format: string,
): Promise<Program> {
  const found = await pgRestore();
  if (found !== undefined) return found;
  throw new ConfigError(
    `the dump is in pg_dump's ${format}, which pg_restore of PostgreSQL 12 or newer reads, and there is ` +
      "none on this machine",
    {
      hint:
        "install PostgreSQL's client programs (Debian: postgresql-client), or make the dump with " +
        "pg_dump --format=plain",
    },
  );
}

interface Run {
  readonly args: readonly string[];
  readonly input?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** @throws SourceDataError, ConfigError or TryAgainError with what it complained of. */
export async function* runPgRestore(
  { program, version }: Program,
  { args, input, signal }: Run,
): AsyncGenerator<Uint8Array> {
  const child = spawn("/bin/sh", ["-c", LIMITED, program, "--file=-", ...args], {
    // Its complaints are read, so they are to be English.
    env: { LC_ALL: "C" },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  }) as Child;
  const kill = () => child.kill("SIGKILL");
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  ended.catch(() => undefined);
  const complaints = lastWords(child.stderr);
  signal?.addEventListener("abort", kill, { once: true });
  if (signal?.aborted === true) kill();
  const feeding = feed(input, child.stdin);
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    stopIfAborted(signal, "reading");
    // An error of its input first: what it complains of then only follows from it.
    await feeding.done;
    const [code, killedBy] = await ended;
    stopIfAborted(signal, "reading");
    if (code !== 0) throw pgRestoreError(complaints(), { version, killedBy });
  } finally {
    signal?.removeEventListener("abort", kill);
    kill();
    feeding.stop();
    await ended.catch(() => undefined);
  }
}

function lastWords(stderr: Readable): () => string {
  let text = "";
  stderr.setEncoding("utf8").on("data", (more: string) => {
    text = (text + more).slice(-STDERR_CHARACTERS_MAX);
  });
  return () => text;
}
