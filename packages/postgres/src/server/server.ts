// A PostgreSQL server for a run that was not given one: on a unix socket in a private directory, without a
// password. A temporary one is without fsync, and gone when the run is; one that is kept in a folder holds what
// was committed, whatever ends it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { findBinaries, majorOf, versionOf } from "./binaries.ts";
import { embeddedBinaries, type Identity, runs } from "./embedded.ts";
import {
  openKeptDirectory,
  openServerDirectory,
  type ServerDirectory,
  sweepServerDirectories,
} from "./server-directory.ts";
import { refusal, tailOf } from "./server-log.ts";
import { recoverySilenceMs, START_TIMEOUT_MS, waitUntilReady } from "./wait-until-ready.ts";

/** The user called nobody, on Linux and on macOS: the server refuses to run as root. */
const NOBODY: Identity = { uid: 65534, gid: 65534 };

/** Kernels truncate socket paths at 104 (macOS) or 108 bytes (Linux); this leaves a margin. */
const SOCKET_PATH_BYTES_MAX = 100;
const SOCKET_NAME = ".s.PGSQL.5432";

/**
 * A fast shutdown writes 128 MB. On a busy disk that takes longer than whoever stops a run waits: then the server
 * is ended at once, and reads its log again when it starts, as after a kill: a commit of the last half second
 * may be lost, with its progress mark.
 */
const FAST_STOP_MS = 3_000;
/** An immediate shutdown takes milliseconds; then the process is killed. */
const STOP_TIMEOUT_MS = 30_000;

/** By this `cluster_name` a session knows a server of ours. */
export const THROWAWAY_CLUSTER = "forklift-throwaway";

/**
 * For loading an archive fast: WAL stays minimal, so that a COPY into a table of the same transaction writes
 * none; checkpoints are far apart; a commit does not wait for the disk, and may be lost with those after it;
 * memory stays modest, since a ledger wants it in our own process.
 */
const SERVER_SETTINGS = {
  cluster_name: THROWAWAY_CLUSTER,
  listen_addresses: "",
  unix_socket_permissions: "0700",
  synchronous_commit: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  shared_buffers: "128MB",
  maintenance_work_mem: "256MB",
} as const;

/** Of a cluster that nobody will miss: nothing has to survive a crash. */
const TEMPORARY_SETTINGS = { fsync: "off", full_page_writes: "off" } as const;

/** The environment of the server: nothing of ours that could steer it, times in UTC. */
const serverEnv = () => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
});

export interface ServerOptions {
  /** auto: PostgreSQL of this machine if there is one, else the embedded package. */
  readonly binaries: "auto" | "local" | "embedded";
  /** Where the cluster's own directory is made. Default: the directory for temporary files. */
  readonly directory?: string;
  /** The cluster's own directory, of one that stays there when the server ends. */
  readonly keptIn?: string;
  /** Told of a start that takes long, as after a kill. */
  readonly inform?: (message: string) => void;
  /** Milliseconds from one such message to the next; default: ten seconds. */
  readonly tellEveryMs?: number;
}

export interface Server extends AsyncDisposable {
  /** Of the maintenance database. */
  readonly url: string;
  /** For example 15.18. */
  readonly version: string;
}

/** @throws ConfigError when no server can be had on this machine. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const identity = process.getuid?.() === 0 ? NOBODY : {};
  const directory = await openDirectory(options, identity);
  let sockets: Sockets | undefined;
  try {
    const binDir = await chooseBinaries(options.binaries, identity, directory.dir);
    sockets = await openSockets(directory.dir, identity);
    if (!(await isMadeBy(binDir, directory.dir))) {
      await initialize(binDir, directory.dir, identity);
    }
    const silenceMaxMs =
      options.keptIn === undefined ? START_TIMEOUT_MS : await recoverySilenceMs(directory.dir);
    const child = await launch(binDir, directory, sockets.dir, identity);
    const url = `postgres://postgres@/postgres?host=${encodeURI(sockets.dir)}&port=5432`;
    const { inform, tellEveryMs } = options;
    const waiting = { child, url, dir: directory.dir, silenceMaxMs, inform, tellEveryMs };
    const version = await waitUntilReady(waiting).catch(async (error) => {
      await stop(child, directory);
      throw error;
    });
    const { close } = sockets;
    return {
      url,
      version,
      async [Symbol.asyncDispose]() {
        await stop(child, directory);
        await close();
        await directory.close();
      },
    };
  } catch (error) {
    await sockets?.close();
    await directory.close();
    throw error;
  }
}

async function openDirectory(
  { directory, keptIn }: ServerOptions,
  identity: Identity,
): Promise<ServerDirectory> {
  if (keptIn !== undefined) return await openKeptDirectory(path.resolve(keptIn), identity);
  const parent = path.resolve(directory ?? tmpdir());
  await sweepServerDirectories(parent);
  return await openServerDirectory(parent, identity);
}

/** Whether a cluster is there that a server of this release can open. */
async function isMadeBy(binDir: string, serverDir: string): Promise<boolean> {
  const made = await readFile(path.join(serverDir, "data/PG_VERSION"), "utf8").catch(() => null);
  if (made === null) return false;
  const version = await versionOf(path.join(binDir, "postgres"));
  return version !== undefined && majorOf(version) === Number(made);
}

async function chooseBinaries(
  choice: ServerOptions["binaries"],
  identity: Identity,
  serverDir: string,
): Promise<string> {
  const local = choice === "embedded" ? undefined : await findBinaries();
  const isUsable = local !== undefined && runs(local.dir, identity) === undefined;
  if (isUsable) return local.dir;
  if (choice === "local") {
    throw new ConfigError("found no PostgreSQL server on this machine (initdb, postgres)", {
      hint: "install PostgreSQL, put its bin directory on PATH, or give the URL of a server",
    });
  }
  return await embeddedBinaries(identity, path.join(serverDir, "embedded"));
}

interface Sockets {
  readonly dir: string;
  close(): Promise<void>;
}

/** Beside the data if the path is short enough, else in /tmp, which always is. */
async function openSockets(serverDir: string, identity: Identity): Promise<Sockets> {
  if (Buffer.byteLength(path.join(serverDir, SOCKET_NAME)) < SOCKET_PATH_BYTES_MAX) {
    return { dir: serverDir, close: async () => undefined };
  }
  return await openServerDirectory("/tmp", identity);
}

/** A cluster stands under its name once it is whole. */
async function initialize(binDir: string, serverDir: string, identity: Identity): Promise<void> {
  const made = path.join(serverDir, "data");
  const data = `${made}.new`;
  for (const left of [made, data]) await rm(left, { recursive: true, force: true });
  await runInitdb(path.join(binDir, "initdb"), { data, serverDir, identity });
  await rename(data, made);
}

interface Initdb {
  readonly data: string;
  readonly serverDir: string;
  readonly identity: Identity;
}

async function runInitdb(program: string, { data, serverDir, identity }: Initdb): Promise<void> {
  const args = ["-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8", "-N"];
  const log = path.join(serverDir, "initdb.log");
  const child = await spawnLogged(program, args, log, serverDir, identity);
  // It may have ended while its log was being closed here.
  if (!hasEnded(child)) await once(child, "exit");
  const { exitCode: code, signalCode: signal } = child;
  if (code === 0) return;
  if (signal !== null) {
    throw new TryAgainError(`initdb was ended by ${signal} before it had made a cluster`, {
      hint:
        "the machine may be short of memory, or somebody ended it: run the same command again, or give " +
        "the URL of a server",
    });
  }
  throw refusal(`initdb could not make a cluster in ${data}: ${await tailOf(log)}`, {
    hint: "choose another folder by work.dir or TMPDIR, raise the limit that it names, or give the URL of a server",
  });
}

async function launch(
  binDir: string,
  { dir: serverDir, endSignal }: ServerDirectory,
  socketDir: string,
  identity: Identity,
): Promise<ChildProcess> {
  const settings = {
    ...SERVER_SETTINGS,
    ...(endSignal === "QUIT" ? TEMPORARY_SETTINGS : {}),
    unix_socket_directories: socketDir,
  };
  const args = ["-D", path.join(serverDir, "data"), "-p", "5432"];
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  return await spawnLogged(
    path.join(binDir, "postgres"),
    args,
    path.join(serverDir, "server.log"),
    serverDir,
    identity,
  );
}

/** Not a child of our terminal: on Ctrl-C we end first, in order, and the server after us. */
async function spawnLogged(
  program: string,
  args: readonly string[],
  logFile: string,
  cwd: string,
  identity: Identity,
): Promise<ChildProcess> {
  await using log = await open(logFile, "a");
  const child = spawn(program, args, {
    ...identity,
    cwd,
    env: serverEnv(),
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  await once(child, "spawn");
  return child;
}

/** What a temporary cluster holds is thrown away, so there is nothing to flush. */
async function stop(child: ChildProcess, { endSignal }: ServerDirectory): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill(`SIG${endSignal}`);
  const timers = [
    setTimeout(() => child.kill("SIGQUIT"), FAST_STOP_MS),
    setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS),
  ];
  await ended;
  for (const timer of timers) clearTimeout(timer);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
