// The file of a bundle, local or remote: read once from front to back, then at any offset.

import assert from "node:assert/strict";
import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@forklift/pipeline";
import { maskUrl, type ObjectBody, parseStoreUrl, splitObjectUrl } from "@forklift/storage";
import { fileError, OPEN_AT_ONCE, requirePlainFile } from "@forklift/system";
import { openScratchFile, readSlice, type ScratchFile, type Slice } from "../files/scratch-file.ts";

export interface BundleFile extends AsyncDisposable {
  /** Another one when the file is another; null where a server does not say. */
  readonly version: string | null;
  readonly isLocal: boolean;
  /** Null where a server does not say. */
  readonly bytes: number | null;
  /**
   * All of it, from front to back; to be read once. Where it is not kept, a remote file cannot be
   * read from afterwards.
   */
  chunks(options?: { readonly isKept: boolean }): AsyncIterable<Uint8Array>;
  /** Instead of `chunks`: a remote file comes whole. */
  makeReadable(): Promise<void>;
  /** After either of them, unless nothing was kept. */
  read(slice: Slice): Promise<Uint8Array>;
}

/** One read of the pass over the file. Large, since the pass goes from front to back. */
const READ_CHUNK_BYTES = 1024 * 1024;

/**
 * A remote file is kept as it comes, in a nameless file of the scratch directory: by range requests
 * it would be downloaded twice, and some servers have no ranges.
 * @throws ConfigError when there is no such file: the source is at fault, and none of its blocks.
 */
export async function openBundleFile(url: string, scratchDirectory: string): Promise<BundleFile> {
  const location = parseStoreUrl(url);
  if (location.protocol === "file:") return await openLocal(fileURLToPath(location));
  const { store, name } = splitObjectUrl(url);
  const body = await store.open(name);
  if (body !== null) return new RemoteFile(body, scratchDirectory);
  throw new ConfigError(`there is no ${maskUrl(location)}`, {
    hint: "check the URL, and that the bundle has been written",
  });
}

async function openLocal(path: string): Promise<BundleFile> {
  const file = await open(path, OPEN_AT_ONCE).catch((error: unknown) => {
    throw fileError(error, `read ${path}`);
  });
  const found = await file.stat();
  try {
    requirePlainFile(found, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  const { size, mtimeMs } = found;
  return {
    version: `${size} bytes, ${mtimeMs} ms`,
    isLocal: true,
    bytes: size,
    chunks: () => chunksOf(file, path),
    makeReadable: async () => {},
    read: (slice) => readSlice(file, slice),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

class RemoteFile implements BundleFile {
  readonly isLocal = false;
  readonly bytes: number | null;
  readonly version: string | null;
  readonly #scratchDirectory: string;
  /** Null once somebody has begun to read it. */
  #stream: ObjectBody["stream"] | null;
  #copy: ScratchFile | null = null;

  constructor({ bytes, version, stream }: ObjectBody, scratchDirectory: string) {
    const size = bytes === null ? "" : `${bytes} bytes, `;
    this.bytes = bytes === null ? null : Number(bytes);
    this.version = version === undefined ? null : `${size}${version}`;
    this.#stream = stream;
    this.#scratchDirectory = scratchDirectory;
  }

  async *chunks({ isKept } = { isKept: true }): AsyncGenerator<Uint8Array> {
    const stream = this.#stream;
    assert(stream !== null, "a remote file is read through once");
    if (isKept) this.#copy = await openScratchFile(this.#scratchDirectory);
    // Not before: a stream that is not begun is let go of on dispose.
    this.#stream = null;
    for await (const chunk of stream) {
      await this.#copy?.append(chunk);
      yield chunk;
    }
  }

  async makeReadable(): Promise<void> {
    // Each chunk goes into the copy on its way.
    for await (const _ of this.chunks());
  }

  read(slice: Slice): Promise<Uint8Array> {
    assert(this.#copy !== null, "a remote file is read through before it is read from");
    return this.#copy.read(slice);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#copy?.[Symbol.asyncDispose]();
    // A stream that nobody begins holds its connection.
    for await (const _ of this.#stream ?? []) break;
  }
}

async function* chunksOf(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    // Not from Node's pool: each chunk needs memory of its own.
    const buffer = Buffer.allocUnsafeSlow(READ_CHUNK_BYTES);
    const { bytesRead } = await file
      .read(buffer, 0, buffer.byteLength, at)
      .catch((error: unknown) => {
        throw fileError(error, `read ${path}`);
      });
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
