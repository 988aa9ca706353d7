// The shared resources of a test run: a PostgreSQL server, on which every test makes its own
// databases, and a folder for data that is made once and read by many.

import { chmod, mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startServer } from "@forklift/postgres";

/** Where test files find them: processes that a test starts inherit it, too. */
const SERVER_VARIABLE = "FORKLIFT_TEST_SERVER";
const RUN_FOLDER_VARIABLE = "FORKLIFT_TEST_RUN";

/** A file system in memory, as Linux has it. */
const IN_MEMORY = "/dev/shm";

/** What the databases of a whole run take at a time, several times over. */
const IN_MEMORY_BYTES_MIN = 8 * 1024 ** 3;

/**
 * Called by the test runner before the first test file; what it returns, after the last.
 * @public vitest.config.ts names this file.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-test-run-"));
  const server = await startServer({ binaries: "auto", directory: await directoryOfServer() });
  process.env[SERVER_VARIABLE] = server.url;
  process.env[RUN_FOLDER_VARIABLE] = folder;
  // The work folders of jobs; a server that is kept there may run as another user.
  await chmod(folder, 0o755);
  process.env["XDG_STATE_HOME"] = path.join(folder, "state");
  return async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
}

/**
 * A test makes databases of a thousand files each and drops them: on a disk with ext4 that takes a third of all
 * processor time.
 */
async function directoryOfServer(): Promise<string> {
  const { bavail, bsize } = await statfs(IN_MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize >= IN_MEMORY_BYTES_MIN ? IN_MEMORY : tmpdir();
}

/** The URL of the test run's server. */
export function serverUrl(): string {
  return ofTheRun(SERVER_VARIABLE);
}

/** The folder of the test run, gone when the run is. */
export function runFolder(): string {
  return ofTheRun(RUN_FOLDER_VARIABLE);
}

function ofTheRun(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`there is no ${variable}: run the tests with npm test`);
  return value;
}
