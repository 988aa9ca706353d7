// The linter of rules that no compiler checks, by the table of architecture.js. Run by
// `npm run check`; `--root DIR` looks at another tree.

import path from "node:path";
import { ARCHITECTURE } from "./architecture.js";
import { cruise } from "./structure/cruise.js";
import { problemsOfFloors } from "./structure/floors.js";
import { problemsOfManifests } from "./structure/manifests.js";
import { problemsOfProcess } from "./structure/process-use.js";
import { problemsOfSql } from "./structure/sql-rooms.js";

const BANNED_NAMES = /(^|[-/])(utils?|helpers?|common|manager|data|info)\.ts$/;

/** @returns {Promise<string[]>} What is wrong, each with the file or folder first; none when tidy. */
export async function findProblems(root, table = ARCHITECTURE) {
  const seen = await cruise(root, table);
  return [
    ...seen.broken,
    ...problemsOfFloors(seen, table),
    ...problemsOfManifests(root, seen.imports, table),
    ...problemsOfProcess(root, seen.files, table),
    ...problemsOfSql(root, seen.files),
    ...seen.files
      .filter((file) => BANNED_NAMES.test(file))
      .map((file) => `${file}: names nothing; say what it is about`),
  ];
}

if (process.argv[1] === import.meta.filename) {
  const at = process.argv.indexOf("--root");
  const root = at === -1 ? path.dirname(import.meta.dirname) : path.resolve(process.argv[at + 1]);
  const problems = await findProblems(root);
  console.log(problems.join("\n") || "tidy");
  process.exitCode = problems.length > 0 ? 1 : 0;
}
