// Finds programs of the machine that some tests need and that may be missing.

import { accessSync, constants } from "node:fs";
import path from "node:path";

/**
 * For `test.skipIf(...)`: true when somebody's machine is without the program. In CI it must be there,
 * so that a green run means that the test was run; `.ci/packages` installs it.
 * @throws Error in CI, when no folder on PATH has it.
 */
export function isToolMissing(name: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  if (folders.some((folder) => isExecutable(path.join(folder, name)))) return false;
  if (process.env["CI"] !== undefined) {
    throw new Error(`CI is set, but there is no ${name} on PATH; add its package to .ci/packages`);
  }
  return true;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
