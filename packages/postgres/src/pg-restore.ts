// pg_dump's own formats, made into SQL by pg_restore. It gets no connection: what it writes is read like
// any other dump.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { findPgRestore } from "./binaries.ts";

/** What is kept of its complaints: the last ones name the fault. */
const STDERR_CHARACTERS_MAX = 4096;

const INSTALL =
  "install the client programs of PostgreSQL, of the version that made the dump or a newer one";

/** @throws ConfigError where there is no pg_restore, SourceDataError for what it cannot read. */
export async function* sqlOfArchive(
  format: "custom" | "tar",
  archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const child = await startPgRestore(format, []);
  const feeding = pipeline(archive, child.stdin);
  yield* outputOf(child, format, feeding);
}

/** @param directory with a file toc.dat. */
export async function* sqlOfDirectory(directory: string): AsyncGenerator<Uint8Array> {
  const child = await startPgRestore("directory", [directory]);
  child.stdin.end();
  yield* outputOf(child, "directory", Promise.resolve());
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

async function startPgRestore(format: string, files: readonly string[]): Promise<Child> {
  const program = await findPgRestore();
  if (program === undefined) {
    throw new ConfigError(
      `the dump is in pg_dump's ${format} format, and there is no pg_restore here`,
      {
        hint: `${INSTALL}, or make a plain dump of it: pg_restore --file=dump.sql DUMP`,
      },
    );
  }
  const child = spawn(program, [`--format=${format}`, "--file=-", ...files], {
    // Nothing of ours steers it, and its complaints are in English.
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  await once(child, "spawn");
  return child;
}

/** Ends with the program, also where its reader turns away before. */
async function* outputOf(
  child: Child,
  format: string,
  feeding: Promise<void>,
): AsyncGenerator<Uint8Array> {
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-STDERR_CHARACTERS_MAX);
  });
  const exited = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  let sourceError: unknown;
  feeding.catch((error: NodeJS.ErrnoException) => {
    // A program that has seen enough closes its input; what it then says tells why.
    if (error.code === "EPIPE" || error.code === "ERR_STREAM_PREMATURE_CLOSE") return;
    sourceError = error;
    child.kill("SIGKILL");
  });
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    const [code, signal] = await exited;
    if (sourceError !== undefined) throw sourceError;
    if (code === 0) return;
    throw pgRestoreError(format, said, code ?? signal);
  } finally {
    child.kill("SIGKILL");
  }
}

function pgRestoreError(format: string, said: string, end: number | string | null): Error {
  const last = said.trim().split("\n").at(-1) || "it said nothing";
  const message = `pg_restore cannot read the dump, which is in ${format} format, and ended with ${end}: ${last}`;
  // All versions so far are 1.x: another number is none.
  if (/unsupported version \(1\./.test(said)) return new ConfigError(message, { hint: INSTALL });
  return new SourceDataError(message, { hint: "the dump is damaged or incomplete; get it again" });
}
