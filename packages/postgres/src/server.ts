// A temporary PostgreSQL server for a run that was not given one: on a unix socket in a private
// directory, without a password and without fsync, gone when the run is.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { findBinaries } from "./binaries.ts";
import { embeddedBinaries, type Identity, runs } from "./embedded.ts";
import { openServerDirectory, sweepServerDirectories } from "./server-directory.ts";
import { connect } from "./session.ts";

/** The user called nobody, on Linux and on macOS: the server refuses to run as root. */
const NOBODY: Identity = { uid: 65534, gid: 65534 };

/** Kernels cut socket paths at 104 (macOS) or 108 bytes (Linux); this leaves a margin. */
const SOCKET_PATH_BYTES_MAX = 100;
const SOCKET_NAME = ".s.PGSQL.5432";

/** A cold start takes under a second; half a minute allows for a machine that is very busy. */
const START_TIMEOUT_MS = 30_000;
const START_POLL_MS = 20;
/** An immediate shutdown takes milliseconds; then the process is killed. */
const STOP_TIMEOUT_MS = 10_000;

/** Lines of the server's log that go into a message. */
const LOG_LINES_SHOWN = 5;

/** By this `cluster_name` a session knows a server of ours. */
export const THROWAWAY_CLUSTER = "forklift-throwaway";

/**
 * For loading an archive fast into a cluster that nobody will miss. Nothing has to survive a crash;
 * WAL stays minimal, so that a COPY into a table of the same transaction writes none; checkpoints
 * are far apart; memory stays modest, since a ledger wants it in our own process.
 */
const SERVER_SETTINGS = {
  cluster_name: THROWAWAY_CLUSTER,
  listen_addresses: "",
  unix_socket_permissions: "0700",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  shared_buffers: "128MB",
  maintenance_work_mem: "256MB",
} as const;

/** The environment of the server: nothing of ours that could steer it, times in UTC. */
const SERVER_ENV = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

export interface ServerOptions {
  /** auto: PostgreSQL of this machine if there is one, else the embedded package. */
  readonly binaries: "auto" | "local" | "embedded";
  /** Where the cluster's own directory is made. Default: the directory for temporary files. */
  readonly directory?: string;
}

export interface Server extends AsyncDisposable {
  /** Of the maintenance database. */
  readonly url: string;
  /** For example 15.18. */
  readonly version: string;
}

/** @throws ConfigError when no server can be had on this machine. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const parent = path.resolve(options.directory ?? tmpdir());
  await sweepServerDirectories(parent);
  const identity = process.getuid?.() === 0 ? NOBODY : {};
  const directory = await openServerDirectory(parent, identity);
  let sockets: Sockets | undefined;
  try {
    const binDir = await chooseBinaries(options.binaries, identity, directory.dir);
    sockets = await openSockets(directory.dir, identity);
    await initialize(binDir, directory.dir, identity);
    const child = await launch(binDir, directory.dir, sockets.dir, identity);
    const url = `postgres://postgres@/postgres?host=${encodeURI(sockets.dir)}&port=5432`;
    const version = await waitUntilReady(child, url, directory.dir).catch(async (error) => {
      await stop(child);
      throw error;
    });
    const { remove } = sockets;
    return {
      url,
      version,
      async [Symbol.asyncDispose]() {
        await stop(child);
        await remove();
        await directory.remove();
      },
    };
  } catch (error) {
    await sockets?.remove();
    await directory.remove();
    throw error;
  }
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
  remove(): Promise<void>;
}

/** Beside the data if the path is short enough, else in /tmp, which always is. */
async function openSockets(serverDir: string, identity: Identity): Promise<Sockets> {
  if (Buffer.byteLength(path.join(serverDir, SOCKET_NAME)) < SOCKET_PATH_BYTES_MAX) {
    return { dir: serverDir, remove: async () => undefined };
  }
  const { dir, remove } = await openServerDirectory("/tmp", identity);
  return { dir, remove };
}

async function initialize(binDir: string, serverDir: string, identity: Identity): Promise<void> {
  const program = path.join(binDir, "initdb");
  const data = path.join(serverDir, "data");
  const args = ["-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8", "-N"];
  const log = path.join(serverDir, "initdb.log");
  const child = await spawnLogged(program, args, log, serverDir, identity);
  const [code] = await once(child, "exit");
  if (code === 0) return;
  throw new ConfigError(`initdb could not make a cluster in ${data}: ${await tailOf(log)}`, {
    hint: "choose another directory for temporary files, or give the URL of a server",
  });
}

async function launch(
  binDir: string,
  serverDir: string,
  socketDir: string,
  identity: Identity,
): Promise<ChildProcess> {
  const settings = { ...SERVER_SETTINGS, unix_socket_directories: socketDir };
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
    env: SERVER_ENV,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  await once(child, "spawn");
  return child;
}

async function waitUntilReady(
  child: ChildProcess,
  url: string,
  serverDir: string,
): Promise<string> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await using session = await connect(url, { applicationName: "forklift start" });
      const [row] = await session.query<{ server_version: string }>("show server_version");
      // A started server must not keep our process from ending; its watchdog does the rest.
      child.unref();
      return row?.server_version.split(" ")[0] ?? "";
    } catch (error) {
      if (!(error instanceof TryAgainError)) throw error;
      if (child.exitCode !== null || performance.now() > deadline) {
        const said = await tailOf(path.join(serverDir, "server.log"));
        throw new ConfigError(`the temporary PostgreSQL server did not start: ${said}`, {
          cause: error,
          hint: "see the message of the server, or give the URL of another server",
        });
      }
    }
    await delay(START_POLL_MS);
  }
}

/** Immediate shutdown: what the cluster holds is thrown away, so there is nothing to flush. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGQUIT");
  const killer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(killer);
}

async function tailOf(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trim().split("\n").slice(-LOG_LINES_SHOWN).join(" | ") || "it said nothing";
}
