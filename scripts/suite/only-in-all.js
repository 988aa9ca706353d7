// The tag of tests that run in the whole suite only. A test has it in its options,
//
//   test("…", { tags: ["only-in-all"] }, async () => …);
//
// and a file, all of whose tests are such, by a line `// @module-tag only-in-all` below its header: the
// quick suite does not even load it.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const ONLY_IN_ALL = "only-in-all";

const MARK = new RegExp(`^// @module-tag ${ONLY_IN_ALL}$`, "m");

/** Folders below a package that hold no tests of ours. */
const PASSED_OVER = new Set(["node_modules", "dist", "src", ".git"]);

/**
 * The test files below a folder, as paths relative to it.
 *
 * @param {string} root
 */
function testFilesBelow(root) {
  const found = [];
  const look = (folder) => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = path.join(folder, entry.name);
      if (entry.isDirectory() && !PASSED_OVER.has(entry.name)) look(name);
      else if (entry.name.endsWith(".test.ts")) found.push(name);
    }
  };
  look("");
  return found.sort();
}

/**
 * Those of them that the quick suite leaves out altogether.
 *
 * @param {string} root
 */
export function filesOnlyInAll(root) {
  return testFilesBelow(root).filter((file) =>
    MARK.test(readFileSync(path.join(root, file), "utf8")),
  );
}
