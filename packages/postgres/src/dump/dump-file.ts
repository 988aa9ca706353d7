// Files that appear under their final name whole or not at all.

import { open, rename } from "node:fs/promises";
import path from "node:path";

/** Small pieces are gathered to this size, so that a line is not a system call. */
const WRITE_BYTES = 1024 * 1024;

export interface DumpFile extends AsyncDisposable {
  readonly write: (chunk: string | Uint8Array) => Promise<void>;
  /** Must be called before the file is closed; what was not flushed is lost. */
  flush(): Promise<void>;
}

export async function openDumpFile(file: string): Promise<DumpFile> {
  const handle = await open(file, "w");
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  async function flush() {
    const bytes = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    await handle.writeFile(bytes);
  }
  return {
    async write(chunk) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= WRITE_BYTES) await flush();
    },
    flush,
    async [Symbol.asyncDispose]() {
      await handle.close();
    },
  };
}

/** Gives a finished file its name, and makes both file and name survive a power cut. */
export async function publishFile(partial: string, file: string): Promise<void> {
  await sync(partial);
  await rename(partial, file);
  await sync(path.dirname(file));
}

async function sync(target: string): Promise<void> {
  await using handle = await open(target, "r");
  await handle.sync();
}
