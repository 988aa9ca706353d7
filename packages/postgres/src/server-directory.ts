// The directory of a temporary server: who it belongs to, and what happens to it when that process
// is gone. Two guards stand behind the orderly way: a watchdog that outlives us, and a sweep at the
// next start for the case that the watchdog was killed too.

import { type ChildProcess, spawn } from "node:child_process";
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Identity } from "./embedded.ts";
import { commandLineOf, processIdentity } from "./process-identity.ts";

const PREFIX = "forklift-pg-";
const OWNER_FILE = "owner.json";

/** An immediate shutdown takes milliseconds. */
const END_TIMEOUT_MS = 10_000;
const END_POLL_MS = 20;

interface Owner {
  readonly pid: number;
  readonly identity: string | undefined;
  readonly host: string;
}

/**
 * Waits on a pipe whose other end only our process holds. However we end, the kernel closes it, the
 * read returns, and the server is ended and its directory removed. Nothing is polled while we live,
 * and no process number is taken for ours by mistake.
 */
const WATCHDOG = `
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
tries=0
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
  tries=$((tries + 1)); sleep 0.1
done
rm -rf "$1"`;

export interface ServerDirectory {
  readonly dir: string;
  /** Removes the directory and lets the watchdog go. The server must have ended. */
  remove(): Promise<void>;
}

export async function openServerDirectory(
  parent: string,
  identity: Identity,
): Promise<ServerDirectory> {
  const dir = await mkdtemp(path.join(parent, PREFIX));
  const owner: Owner = {
    pid: process.pid,
    identity: processIdentity(process.pid),
    host: hostname(),
  };
  await writeFile(path.join(dir, OWNER_FILE), JSON.stringify(owner));
  if (identity.uid !== undefined && identity.gid !== undefined) {
    await chown(dir, identity.uid, identity.gid);
  }
  const watchdog = startWatchdog(dir);
  return {
    dir,
    async remove() {
      await rm(dir, { recursive: true, force: true });
      watchdog.kill("SIGKILL");
    },
  };
}

function startWatchdog(dir: string): ChildProcess {
  const watchdog = spawn("/bin/sh", ["-c", WATCHDOG, "forklift-watchdog", dir], {
    // Its own session: Ctrl-C in our terminal must not end it before us.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  // Neither the child nor its pipe keeps our process from ending.
  watchdog.unref();
  (watchdog.stdin as unknown as Socket).unref();
  return watchdog;
}

/** Ends the servers of dead runs and removes their directories. Living runs are left alone. */
export async function sweepServerDirectories(parent: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = path.join(parent, name);
    if (!(await isAbandoned(dir))) continue;
    await endServerIn(dir);
    await rm(dir, { recursive: true, force: true });
    removed.push(dir);
  }
  return removed;
}

/** Only a directory with a readable mark of a process of this host that is gone. */
async function isAbandoned(dir: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(path.join(dir, OWNER_FILE), "utf8")) as Owner;
    return owner.host === hostname() && processIdentity(owner.pid) !== owner.identity;
  } catch {
    // Another user's, or so young that its mark is not written yet.
    return false;
  }
}

async function endServerIn(dir: string): Promise<void> {
  const text = await readFile(path.join(dir, "data", "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  // The number may have gone to another process since: only a command that names the directory.
  if (!(pid > 1) || commandLineOf(pid)?.includes(dir) !== true) return;
  process.kill(pid, "SIGQUIT");
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (processIdentity(pid) !== undefined && performance.now() < deadline) {
    await delay(END_POLL_MS);
  }
}
