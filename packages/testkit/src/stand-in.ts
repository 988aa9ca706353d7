// Changes the working directory of a test, for commands that write there or get relative paths.

import { afterAll, beforeAll } from "vitest";

/**
 * The folder is the working directory of the test file's process while the tests run. To be called
 * below the hook that makes the folder.
 */
export function standIn(folder: () => string): void {
  let before: string;
  beforeAll(() => {
    before = process.cwd();
    process.chdir(folder());
  });
  afterAll(() => process.chdir(before));
}
