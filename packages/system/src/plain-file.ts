// Files that are read where they are asked for, more than once if need be, and have an end. A pipe, a
// socket or a device has none of that, and reading one may wait for ever.

import { type BigIntStats, constants, type Stats } from "node:fs";
import { readlink, realpath, stat } from "node:fs/promises";
import { ConfigError } from "@forklift/pipeline";

/** To open with: a pipe that nobody writes to is opened at once as well, to be seen as what it is. */
export const OPEN_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/** The system's word for a socket, which cannot be opened at all. */
export const IS_A_SOCKET = "ENXIO";

/** @throws ConfigError for anything but a file. */
export function requirePlainFile(found: Stats | BigIntStats, path: string): void {
  if (!found.isFile()) throw noPlainFile(path, kindOf(found));
}

export function noPlainFile(path: string, kind: string): ConfigError {
  return new ConfigError(`${path} is ${kind}, expected a file`, {
    hint: "write what it gives into a file, and give that file",
  });
}

function kindOf(found: Stats | BigIntStats): string {
  if (found.isFIFO()) return "a pipe";
  if (found.isDirectory()) return "a folder";
  if (found.isSocket()) return "a socket";
  return "a device";
}

/**
 * For a file that is written beside what has its name, and then takes its place: a device or a pipe would be
 * gone, and nobody would have read anything from it.
 * @throws ConfigError for anything but a file. What is not there may be written.
 */
export async function requireWritableName(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  const isOfProcess = await readlink(path).then(
    (to) => to.startsWith("/proc/"),
    () => false,
  );
  if ((found === null || found.isFile()) && !isOfProcess) return;
  // As /dev/stdout is, which may be a file just now.
  const kind = found === null || found.isFile() ? "what a process has open" : kindOf(found);
  throw new ConfigError(`cannot write ${path}: it is ${kind}, expected a file`, {
    hint: "give the name of a file; one that is not there yet is made",
  });
}

/**
 * For a small file that is read once: a shell's `<(…)` and /dev/stdin have an end as well.
 * @throws ConfigError for a named pipe, a socket, a folder or a device. What is not there is no matter here.
 */
export async function requireEnding(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.isFile()) return;
  // The pipe of a shell has no name in any folder.
  const isNamed = await realpath(path).then(
    () => true,
    () => false,
  );
  if (found.isFIFO() && !isNamed) return;
  requirePlainFile(found, path);
}
