// An error to plant, and where its file and its test lie. Files are called by their names and looked
// for in their package, so that a file may move to another folder without its errors being told.

import { readdirSync } from "node:fs";
import path from "node:path";

/**
 * The rule that it breaks; the file that keeps the rule, without `.ts`; the right code, which stands
 * there exactly once, and the wrong one; the test that notices, without `.test.ts`.
 *
 * @typedef {readonly [rule: string, file: string, right: string, wrong: string, test: string]} PlantedError
 */

/** So many of each package, the first of its list, are planted by the quick suite as well. */
export const QUICK_OF_EACH = 2;

const ROOT = path.join(import.meta.dirname, "../..");
const HOMES = ["packages", "apps", "."];

/**
 * The folder of a package, by the name of its folder.
 *
 * @param {string} name
 */
export function homeOf(name) {
  for (const parent of HOMES) {
    const children = readdirSync(path.join(ROOT, parent), { withFileTypes: true });
    if (children.some((child) => child.isDirectory() && child.name === name)) {
      return path.join(ROOT, parent, name);
    }
  }
  throw new Error(`no package has the folder ${name}: rename its list of planted errors`);
}

/**
 * The one file of that name below a folder of a package.
 *
 * @param {string} folder
 * @param {string} name
 */
export function fileNamed(folder, name) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === name)
    .map((entry) => path.join(entry.parentPath, entry.name));
  if (found.length === 1) return found[0];
  throw new Error(`${found.length} files below ${folder} are called ${name}, expected one`);
}

/**
 * The lists, by the folder of their package: each other `.js` file of this folder is one.
 *
 * @returns {Promise<Map<string, readonly PlantedError[]>>}
 */
export async function readLists() {
  const others = new Set(["plant.js", "planted-error.js"]);
  const names = readdirSync(import.meta.dirname).filter(
    (name) => name.endsWith(".js") && !others.has(name),
  );
  const lists = new Map();
  for (const name of names.sort()) {
    const { default: list } = await import(path.join(import.meta.dirname, name));
    lists.set(path.basename(name, ".js"), list);
  }
  return lists;
}
