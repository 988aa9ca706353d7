// The age of files whose owner left no mark: only it shows whether the owner is still at work.

import { stat } from "node:fs/promises";
import { errorCode } from "./file-error.ts";

/** Null for a file that another process has removed or renamed by now. */
export async function statIfThere(path: string) {
  return await stat(path).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  });
}

/** Milliseconds since a time of change; negative where a clock was set back since. */
export function ageOf(mtimeMs: number): number {
  return Date.now() - mtimeMs;
}

/**
 * Whether nobody has written to the file, or touched it, for so many milliseconds. One that is stamped
 * with a time as far ahead is of a clock that was set back, and would never grow old.
 */
export async function isUntouched(path: string, forMs: number): Promise<boolean> {
  const found = await statIfThere(path);
  return found !== null && Math.abs(ageOf(found.mtimeMs)) > forMs;
}
