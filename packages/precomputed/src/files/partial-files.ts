// Files that are being written: nobody reads them until they get the name that they are meant to have.

import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isUntouched } from "@forklift/system";

const ENDING = ".partial";

/** A file that was not written to for as long belongs to a process that died. */
const ABANDONED_MS = 60 * 60 * 1000;

export function partialPath(folder: string, prefix: string): string {
  return join(folder, `.${prefix}${randomUUID()}${ENDING}`);
}

export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(ENDING)) continue;
    const path = join(folder, name);
    if (await isUntouched(path, ABANDONED_MS)) await rm(path, { force: true });
  }
}
