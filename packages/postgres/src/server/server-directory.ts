// The directory of a server of ours: who it belongs to, and what happens to it when that process is gone.
// Two guards stand behind the orderly way: a watchdog that outlives us, and the next start for the case that
// the watchdog was killed too. A temporary server goes with its directory; one that is kept is only ended.

import { type ChildProcess, spawn } from "node:child_process";
import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { TryAgainError } from "@forklift/pipeline";
import {
  commandLineOf,
  livenessOf,
  type ProcessMark,
  processStart,
  signalProcess,
  thisProcess,
} from "@forklift/system";
import type { Identity } from "./embedded.ts";

const PREFIX = "forklift-pg-";
const OWNER_FILE = "owner.json";

/**
 * An immediate shutdown takes milliseconds. A fast one writes what the system has not written yet: one that
 * takes longer is made an immediate one, after which the server reads its log again when it starts.
 */
const END_TIMEOUT_MS: Readonly<Record<EndSignal, number>> = { QUIT: 10_000, INT: 20_000 };
const END_POLL_MS = 20;

/**
 * Waits on a pipe whose other end only our process holds. However we end, the kernel closes it, the
 * read returns, and the server is ended, and its directory removed where it is temporary. Nothing is polled
 * while we live, and no process number is taken for ours by mistake.
 */
const WATCHDOG = `
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill "-$2" "$pid" 2>/dev/null
[ "$2" = QUIT ] || exit 0
tries=0
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
  tries=$((tries + 1)); sleep 0.1
done
rm -rf "$1"`;

/** Throws away what is in memory, or writes it. */
type EndSignal = "QUIT" | "INT";

export interface ServerDirectory {
  readonly dir: string;
  /** How a server in it is ended. */
  readonly endSignal: EndSignal;
  /** Removes a temporary directory, and lets the watchdog go. The server must have ended. */
  close(): Promise<void>;
}

export async function openServerDirectory(
  parent: string,
  identity: Identity,
): Promise<ServerDirectory> {
  const dir = await mkdtemp(path.join(parent, PREFIX));
  const { start, ...mark } = thisProcess();
  // `identity` is how earlier versions, which may run beside this one, call the start.
  await writeFile(path.join(dir, OWNER_FILE), JSON.stringify({ ...mark, identity: start }));
  if (identity.uid !== undefined && identity.gid !== undefined) {
    await chown(dir, identity.uid, identity.gid);
  }
  const watchdog = startWatchdog(dir, "QUIT");
  return {
    dir,
    endSignal: "QUIT",
    async close() {
      await rm(dir, { recursive: true, force: true });
      watchdog.kill("SIGKILL");
    },
  };
}

/**
 * One that outlives its server and this process. Its owner sees to it that no other run uses it.
 * A server of a run that was killed is ended first.
 */
export async function openKeptDirectory(dir: string, identity: Identity): Promise<ServerDirectory> {
  await mkdir(dir, { recursive: true });
  if (identity.uid !== undefined && identity.gid !== undefined) {
    await chown(dir, identity.uid, identity.gid);
  }
  await endKeptServer(dir);
  // What a container left names a process of that container, whose number another one may have here.
  await rm(path.join(dir, "data", "postmaster.pid"), { force: true });
  const watchdog = startWatchdog(dir, "INT");
  return {
    dir,
    endSignal: "INT",
    async close() {
      watchdog.kill("SIGKILL");
    },
  };
}

/**
 * Ends the server of a kept directory whose process is gone, in order or else at once.
 * @throws TryAgainError when it does not end.
 */
export async function endKeptServer(dir: string): Promise<void> {
  for (const signal of ["INT", "QUIT"] as const) if (await endServerIn(dir, signal)) return;
  throw new TryAgainError(`the PostgreSQL server in ${dir} is still ending`, {
    hint: "run the same command again in a few minutes",
  });
}

function startWatchdog(dir: string, signal: EndSignal): ChildProcess {
  const watchdog = spawn("/bin/sh", ["-c", WATCHDOG, "forklift-watchdog", dir, signal], {
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

/** Ends the servers of dead runs and removes their directories. Those of live runs are kept. */
export async function sweepServerDirectories(parent: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = path.join(parent, name);
    if (!(await isAbandoned(dir))) continue;
    await endServerIn(dir, "QUIT");
    await rm(dir, { recursive: true, force: true });
    removed.push(dir);
  }
  return removed;
}

/** Only a directory with a readable mark of a process of this host that is gone. */
async function isAbandoned(dir: string): Promise<boolean> {
  try {
    const text = await readFile(path.join(dir, OWNER_FILE), "utf8");
    const { identity, ...owner } = JSON.parse(text) as ProcessMark & { readonly identity: string };
    return livenessOf({ ...owner, start: identity }) === "ended";
  } catch {
    // Another user's, or so young that its mark is not written yet.
    return false;
  }
}

/** That of a process which is gone; true when none runs there any more. */
async function endServerIn(dir: string, signal: EndSignal): Promise<boolean> {
  const text = await readFile(path.join(dir, "data", "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  const start = pid > 1 ? processStart(pid) : undefined;
  // The number may have gone to another process since: only a command that names the directory.
  if (start === undefined || commandLineOf(pid)?.includes(dir) !== true) return true;
  if (!signalProcess(pid, `SIG${signal}`)) return true;
  const deadline = performance.now() + END_TIMEOUT_MS[signal];
  while (processStart(pid) === start) {
    if (performance.now() >= deadline) return false;
    await delay(END_POLL_MS);
  }
  return true;
}
