// Runs a file of statements by psql, as an operator would.

import { execFileSync } from "node:child_process";

/** @throws the error of the first statement that fails, which ends it. */
export function psqlFile(databaseUrl: string, file: string): void {
  execFileSync("psql", ["-qX", "-v", "ON_ERROR_STOP=1", "-d", databaseUrl, "-f", file]);
}
