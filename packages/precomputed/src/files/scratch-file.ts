// A scratch file: slices are appended to it, and read back from any offset.

import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileError } from "@forklift/system";
import { partialPath, removeAbandoned } from "./partial-files.ts";

/** A run of bytes in a file. */
export interface Slice {
  readonly offset: number;
  readonly bytes: number;
}

export interface ScratchFile extends AsyncDisposable {
  append(bytes: Uint8Array): Promise<Slice>;
  read(slice: Slice): Promise<Buffer>;
}

/** Nameless: the name goes at once, the file with its last handle, however the run ends. */
export async function openScratchFile(scratchDirectory: string): Promise<ScratchFile> {
  const path = join(scratchDirectory, `bundle-${randomUUID()}.scratch`);
  const file = await createFile(path);
  await rm(path);
  return spoolOf(file, path);
}

export interface NamedScratchFile extends ScratchFile {
  /** From now on others find it under its name, whole. */
  publish(): Promise<void>;
}

/**
 * Under a name that nobody reads until it is published. Disposed before that, it is gone. It is to be
 * written to at least once an hour, or others take it for abandoned.
 */
export async function openNamedSpool(folder: string, name: string): Promise<NamedScratchFile> {
  const path = partialPath(folder, `${name}.`);
  try {
    await mkdir(folder, { recursive: true });
    await removeAbandoned(folder);
  } catch (error) {
    throw fileError(error, `write in ${folder}`);
  }
  const file = await createFile(path);
  let isPublished = false;
  return {
    ...spoolOf(file, path),
    async publish() {
      try {
        await rename(path, join(folder, name));
        isPublished = true;
      } catch (error) {
        throw fileError(error, `write ${join(folder, name)}`);
      }
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!isPublished) await rm(path, { force: true });
    },
  };
}

function spoolOf(file: FileHandle, path: string): ScratchFile {
  let end = 0;
  return {
    async append(bytes) {
      const slice = { offset: end, bytes: bytes.byteLength };
      try {
        await file.writeFile(bytes);
      } catch (error) {
        throw fileError(error, `write ${path}`);
      }
      end += slice.bytes;
      return slice;
    },
    read: (slice) => readSlice(file, slice),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function createFile(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await open(path, "wx+");
  } catch (error) {
    throw fileError(error, `create ${path}`);
  }
}

/** Fewer bytes than requested when the file ends before the slice does. */
export async function readSlice(file: FileHandle, { offset, bytes }: Slice): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
