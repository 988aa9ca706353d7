// The mainnet data in the forms that many tests read: its bundle unpacked, its dumps restored. Each is
// made once in a run.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { MAINNET, mainnetDump, mainnetUrl, sharedPath } from "./mainnet.ts";
import { oncePerRun } from "./once-per-run.ts";
import { openRestored } from "./restored-dump.ts";
import type { TestDatabase } from "./test-database.ts";

const run = promisify(execFile);

/** A folder with the files of heights 2 to 2025, orphans included. To be read, never to be changed. */
export async function mainnetBlocks(): Promise<string> {
  return await oncePerRun("blocks of mainnet", async (folder) => {
    await run("tar", ["-xzf", sharedPath(`data/mainnet/${MAINNET.blocks}`), "-C", folder]);
    return folder;
  });
}

/** A database of the caller's own with what a nightly dump holds, copied from one that is restored once. */
export async function openRestoredDump(stamp: string): Promise<TestDatabase> {
  return await openRestored(mainnetUrl(`dumps/${mainnetDump(stamp)}`));
}
