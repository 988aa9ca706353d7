// Finds PostgreSQL's programs on this machine, and their versions.

import { execFile } from "node:child_process";
import { access, constants, readdir, realpath } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Printing a version takes milliseconds; more means a program that we cannot use. */
const VERSION_TIMEOUT_MS = 10_000;

const DEBIAN_ROOT = "/usr/lib/postgresql";
const HOMEBREW_ROOTS = ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"];

export interface Binaries {
  readonly dir: string;
  /** As the server prints it, for example 15.18. */
  readonly version: string;
  /** The packages from npm bring a server and no client. */
  readonly hasPgDump: boolean;
}

/** A server to start: the first of PATH, Debian's directories (newest first), Homebrew. */
export async function findBinaries(): Promise<Binaries | undefined> {
  for (const dir of await searchDirectories()) {
    if (!(await isExecutable(path.join(dir, "initdb")))) continue;
    const version = await versionOf(path.join(dir, "postgres"));
    if (version === undefined) continue;
    return { dir, version, hasPgDump: await isExecutable(path.join(dir, "pg_dump")) };
  }
  return undefined;
}

/** Every pg_dump that can read a server of that major: it must not be older than the server. */
export async function findPgDumps(serverMajor: number): Promise<string[]> {
  const programs = await versionsOf("pg_dump");
  return programs
    .filter(({ version }) => majorOf(version) >= serverMajor)
    .map(({ program }) => program);
}

/** The first of them. */
export async function findPgDump(serverMajor: number): Promise<string | undefined> {
  return (await findPgDumps(serverMajor))[0];
}

/** Each once, though several directories may lead to it. */
async function versionsOf(name: string): Promise<Program[]> {
  const found: Program[] = [];
  const seen = new Set<string>();
  for (const dir of await searchDirectories()) {
    const program = path.join(dir, name);
    const file = await realpath(program).catch(() => program);
    if (seen.has(file)) continue;
    seen.add(file);
    const version = await versionOf(program);
    if (version !== undefined) found.push({ program, version });
  }
  return found;
}

export interface Program {
  readonly program: string;
  readonly version: string;
}

/** Older ones take `--file=-` for the name of a file. */
const PG_RESTORE_MAJOR_MIN = 12;

/** The newest: it reads what every older pg_dump wrote. */
export async function findPgRestore(): Promise<Program | undefined> {
  const programs = await versionsOf("pg_restore");
  const usable = programs.filter(({ version }) => majorOf(version) >= PG_RESTORE_MAJOR_MIN);
  return usable.toSorted((a, b) => newestFirst(a.version, b.version))[0];
}

export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

async function searchDirectories(): Promise<string[]> {
  const fromPath = (process.env["PATH"] ?? "").split(path.delimiter).filter((dir) => dir !== "");
  const debian = (await namesIn(DEBIAN_ROOT)).map((name) => path.join(DEBIAN_ROOT, name, "bin"));
  const homebrew = await Promise.all(
    HOMEBREW_ROOTS.map(async (root) =>
      (await namesIn(root))
        .filter((name) => /^postgresql(@\d+)?$/.test(name))
        .map((name) => path.join(root, name, "bin")),
    ),
  );
  return [...fromPath, ...debian, ...homebrew.flat()];
}

/** Newest first: 16 before 9.6 before 9.5. */
async function namesIn(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names.sort(newestFirst);
}

function newestFirst(version: string, other: string): number {
  return other.localeCompare(version, "en", { numeric: true });
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Undefined for a program that is not there or does not run. */
export async function versionOf(program: string): Promise<string | undefined> {
  if (!(await isExecutable(program))) return undefined;
  const output = await run(program, ["--version"], { timeout: VERSION_TIMEOUT_MS }).catch(
    () => undefined,
  );
  return /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(output?.stdout ?? "")?.[1];
}
