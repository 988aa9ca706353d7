// How much room a file system has left.

import { statfs } from "node:fs/promises";
import path from "node:path";

export interface FreeSpace {
  /** For those who are not root. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** Null where it cannot be told. A folder that is still to be made lies on the file system of the one above it. */
export async function freeSpaceAt(folder: string): Promise<FreeSpace | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  } catch (error) {
    const above = path.dirname(folder);
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT" && above !== folder;
    return isMissing ? await freeSpaceAt(above) : null;
  }
}
