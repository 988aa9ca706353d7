// A tar with a dump in it: one SQL file, or the files of pg_dump's tar or directory format.

import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import { ForkliftError, SourceDataError } from "@forklift/pipeline";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { sqlOfArchive, sqlOfDirectory } from "./pg-restore.ts";

const MAGIC = "ustar";
const MAGIC_OFFSET = 257;
const NAME_BYTES = 100;

/** The table of contents with which pg_dump begins its tar and its directory format. */
const CONTENTS = "toc.dat";

/** The files of a directory: what pg_dump writes, and nothing that climbs out of a folder. */
const DIRECTORY_FILE = /^(?:toc\.dat|blobs(?:_\d+)?\.toc|(?:blob_)?\d+\.dat)(?:\.gz|\.lz4|\.zst)?$/;

/** macOS puts one beside every file, with what its file system knows of it. */
const APPLE_DOUBLE = /(?:^|\/)(?:\._[^/]*|__MACOSX(?:\/.*)?|\.DS_Store)$/;

const HINT = { hint: "the dump is damaged or of another kind; get it again" };

export interface ScratchOptions {
  /** Takes the files of a directory format, as large as they are. Default: that of temporary files. */
  readonly scratchDirectory?: string;
}

export function isTar(head: Uint8Array): boolean {
  return latin1(head, MAGIC_OFFSET, MAGIC_OFFSET + MAGIC.length) === MAGIC;
}

/** @param head the first 512 bytes. */
export async function* sqlOfTar(
  head: Uint8Array,
  tar: AsyncIterable<Uint8Array>,
  options: ScratchOptions,
): AsyncGenerator<Uint8Array> {
  const first = latin1(head, 0, NAME_BYTES).replace(/\0.*$/s, "");
  if (first === CONTENTS) yield* sqlOfArchive("tar", tar);
  else yield* sqlOfMembers(tar, options);
}

async function* sqlOfMembers(
  tar: AsyncIterable<Uint8Array>,
  options: ScratchOptions,
): AsyncGenerator<Uint8Array> {
  let sourceError: unknown;
  async function* source() {
    try {
      yield* tar;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  try {
    yield* sqlOfEntries(
      ReadableStream.from(source()).pipeThrough(createTarDecoder({ strict: true })),
      options,
    );
  } catch (error) {
    // The reader of the tar throws plain errors, which differ from the source's by origin alone.
    if (sourceError !== undefined) throw sourceError;
    if (error instanceof ForkliftError) throw error;
    const { message } = error as Error;
    throw new SourceDataError(`the dump's tar is damaged: ${message}`, { cause: error, ...HINT });
  }
}

async function* sqlOfEntries(
  entries: AsyncIterable<ParsedTarEntry>,
  options: ScratchOptions,
): AsyncGenerator<Uint8Array> {
  let sqlName: string | undefined;
  let directory: UnpackedDirectory | undefined;
  try {
    for await (const { header, body } of entries) {
      const isFile = header.type === "file" && !APPLE_DOUBLE.test(header.name);
      if (isFile && header.name.endsWith(".sql")) {
        if (sqlName !== undefined || directory !== undefined) {
          throw severalDumps(sqlName ?? CONTENTS, header.name);
        }
        sqlName = header.name;
        yield* body;
      } else if (isFile && DIRECTORY_FILE.test(path.posix.basename(header.name))) {
        if (sqlName !== undefined) throw severalDumps(sqlName, header.name);
        directory ??= await openDirectory(header.name, options);
        await directory.write(header.name, body);
      } else {
        await body.cancel();
      }
    }
    if (directory !== undefined) yield* sqlOfDirectory(directory.path);
    else if (sqlName === undefined) {
      throw new SourceDataError("the tar holds no .sql file and no dump of pg_dump", HINT);
    }
  } finally {
    await directory?.[Symbol.asyncDispose]();
  }
}

interface UnpackedDirectory extends AsyncDisposable {
  readonly path: string;
  write(name: string, body: ReadableStream<Uint8Array>): Promise<void>;
}

/** A folder of our own for pg_restore, which reads its files in an order of its own. */
async function openDirectory(
  firstName: string,
  { scratchDirectory = tmpdir() }: ScratchOptions,
): Promise<UnpackedDirectory> {
  const parent = path.posix.dirname(firstName);
  const folder = await mkdtemp(path.join(scratchDirectory, "forklift-dump-"));
  return {
    path: folder,
    async write(name, body) {
      if (path.posix.dirname(name) !== parent) throw severalDumps(firstName, name);
      // The name was checked: it is a plain one. A second file of the name would be another's.
      const file = path.join(folder, path.posix.basename(name));
      await pipeline(Readable.fromWeb(body), createWriteStream(file, { flags: "wx" }));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function severalDumps(first: string, second: string): SourceDataError {
  return new SourceDataError(`the tar holds two dumps, ${first} and ${second}; expected one`, {
    hint: "give the dump of one database",
  });
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes).toString("latin1", from, to);
}
