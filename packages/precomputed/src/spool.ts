// A nameless scratch file: slices are appended to it, and read back from any place.

import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "@forklift/storage";
import type { Slice } from "./block-index.ts";

export interface Spool extends AsyncDisposable {
  append(bytes: Uint8Array): Promise<Slice>;
  read(slice: Slice): Promise<Buffer>;
}

export async function openSpool(scratchDirectory: string): Promise<Spool> {
  const path = join(scratchDirectory, `bundle-${randomUUID()}.spool`);
  const file = await openNameless(scratchDirectory, path);
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

/** The name goes at once, the file with its last handle: a run that dies leaves nothing behind. */
async function openNameless(folder: string, path: string): Promise<FileHandle> {
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(path, "wx+");
    await rm(path);
    return file;
  } catch (error) {
    throw fileError(error, `create ${path}`);
  }
}

/** Fewer bytes than asked for when the file ends before the slice does. */
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
