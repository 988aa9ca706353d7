// Turns the operating system's errors about files into forklift's typed errors, saying what was being
// done.

import { errorOfCode, ForkliftError } from "@forklift/pipeline";

/** The error to throw instead; `doing` reads "write /some/file". Unknown errors stay themselves. */
export function fileError(error: unknown, doing: string): unknown {
  const code = errorCode(error);
  if (error instanceof ForkliftError || code === undefined) return error;
  return errorOfCode(code, doing, error) ?? error;
}

/** "ENOENT" and the like; undefined for errors without such a code. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
