// What the operating system says about files, in the words of exit codes.

import { ConfigError, ForkliftError, TryAgainError } from "./errors.ts";

/** Somebody must change a path, an owner, a mode or a mount first. */
const CONFIG_CODES = [
  "EACCES",
  "EEXIST",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOTDIR",
  "EPERM",
  "EROFS",
];

/** Space, descriptors and disks may be back by the next attempt. */
const PASSING_CODES = ["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE", "EBUSY", "ESTALE", "ENOENT"];

/** The error to throw instead; `doing` reads "write /some/file". Unknown errors stay themselves. */
export function fileError(error: unknown, doing: string): unknown {
  const code = errorCode(error);
  if (error instanceof ForkliftError || code === undefined) return error;
  const message = `cannot ${doing}: ${code}`;
  if (CONFIG_CODES.includes(code)) {
    return new ConfigError(message, { cause: error, hint: "check the path and its permissions" });
  }
  if (PASSING_CODES.includes(code)) {
    return new TryAgainError(message, { cause: error, hint: "check the disk and its free space" });
  }
  return error;
}

/** "ENOENT" and the like; undefined for errors without such a code. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
