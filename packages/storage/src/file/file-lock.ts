// A lock file for the moment in which a small file is compared and replaced: Node has no kernel
// lock. Only one process can create it, and its age shows when its owner died.

import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { TryAgainError } from "@forklift/pipeline";
import { errorCode, isUntouched, statIfThere } from "@forklift/system";

/** What is done under the lock takes milliseconds; who holds it this long was killed. */
export const STALE_MS = 10_000;

const RETRY_MS = 10;

/** Longer than a dead owner's lock lives. */
const WAIT_MAX_MS = 2 * STALE_MS;

export interface FileLock extends AsyncDisposable {
  /**
   * To be called right before the file is changed.
   * @throws TryAgainError when this process stood still for so long that another took the lock.
   */
  confirm(): Promise<void>;
}

/** @throws TryAgainError when the lock is not to be had. */
export async function lockFile(path: string): Promise<FileLock> {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  const token = randomUUID();
  const deadline = performance.now() + WAIT_MAX_MS;
  while (!(await create(lock, token))) {
    if (performance.now() > deadline) {
      throw new TryAgainError(`${lock} is held by another process`, {
        hint: "run again; if it happens again and nothing runs, remove that file",
      });
    }
    await removeIfStale(lock);
    await delay(RETRY_MS);
  }
  const isOurs = async () => (await readFile(lock, "utf8").catch(() => "")) === token;
  return {
    async confirm() {
      if (await isOurs()) return;
      throw new TryAgainError(`${lock} was taken over by another process`, {
        hint: "run again; this process stood still for too long",
      });
    },
    async [Symbol.asyncDispose]() {
      if (await isOurs()) await rm(lock, { force: true });
    },
  };
}

async function create(lock: string, token: string): Promise<boolean> {
  try {
    await using file = await open(lock, "wx");
    await file.writeFile(token);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Of several who find a stale lock one gets it by its rename, and sees whether it is that one. */
async function removeIfStale(lock: string): Promise<void> {
  const found = await statIfThere(lock);
  if (found === null || !(await isUntouched(lock, STALE_MS))) return;
  const aside = `${lock}.${randomUUID()}.stale`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  const { ino, mtimeMs } = await stat(aside);
  // Somebody was faster, and this lock is held: put back, unless there is the next one already.
  if (ino !== found.ino || mtimeMs !== found.mtimeMs) await link(aside, lock).catch(() => null);
  await rm(aside, { force: true });
}
