// Makes expensive read-only test data once in a run: the first test file that needs it makes it,
// and the others find it, in whatever process they are.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runFolder } from "./shared-server.ts";

const POLL_MS = 50;

/** The slowest thing that is made once takes some seconds on an idle machine. */
const WAIT_MS_MAX = 240_000;

/**
 * @param key says what it is, with everything that it depends on.
 * @param make is given an empty folder, which goes with the run. When it fails, its caller fails, and
 *   the next caller tries again.
 * @returns what `make` has returned, through JSON.
 */
export async function oncePerRun<Made>(
  key: string,
  make: (folder: string) => Promise<Made>,
): Promise<Made> {
  const home = path.join(runFolder(), createHash("sha256").update(key).digest("hex").slice(0, 16));
  const deadline = performance.now() + WAIT_MS_MAX;
  const answer = path.join(home, "made.json");
  for (;;) {
    const isFirst = await mkdir(home).then(
      () => true,
      () => false,
    );
    if (isFirst) return await makeIn(home, answer, make);
    const text = await readFile(answer, "utf8").catch(() => null);
    if (text !== null) return JSON.parse(text) as Made;
    if (performance.now() > deadline) throw new Error(`${key} was begun, but is not made`);
    await delay(POLL_MS);
  }
}

async function makeIn<Made>(
  home: string,
  answer: string,
  make: (folder: string) => Promise<Made>,
): Promise<Made> {
  try {
    const folder = path.join(home, "made");
    await mkdir(folder);
    const made = await make(folder);
    await writeFile(`${answer}.partial`, JSON.stringify(made));
    await rename(`${answer}.partial`, answer);
    return made;
  } catch (error) {
    await rm(home, { recursive: true });
    throw error;
  }
}
