// One PostgreSQL server for a whole test run; every test makes databases of its own on it.

import { startServer } from "@forklift/postgres";

/** Where test files find the server: processes that a test starts inherit it, too. */
export const SERVER_VARIABLE = "FORKLIFT_TEST_SERVER";

/** Called by the test runner before the first test file; what it returns, after the last. */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await startServer({ binaries: "auto" });
  process.env[SERVER_VARIABLE] = server.url;
  return async () => await server[Symbol.asyncDispose]();
}

/** The URL of the test run's server. */
export function serverUrl(): string {
  const url = process.env[SERVER_VARIABLE];
  if (url === undefined) throw new Error("no test server: run the tests with npm test");
  return url;
}
