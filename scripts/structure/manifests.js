// package.json and tsconfig.json of a package name the packages that its sources import, and no other;
// the table of arrows allows no more than that either.

import { readFileSync } from "node:fs";
import path from "node:path";
import { ARCHITECTURE } from "../architecture.js";

const SCOPE = "@forklift/";

/** @param {{ from: string, specifier: string }[]} imports */
export function problemsOfManifests(root, imports, table = ARCHITECTURE) {
  return Object.entries(table.MAY_IMPORT).flatMap(([home, allowed]) => {
    const imported = new Set(
      imports
        .filter(({ from, specifier }) => from.startsWith(`${home}/`) && specifier.startsWith(SCOPE))
        .map(({ specifier }) => specifier.split("/")[1]),
    );
    const read = (name) => JSON.parse(readFileSync(path.join(root, home, name), "utf8"));
    const declared = Object.keys(read("package.json").dependencies ?? {})
      .filter((name) => name.startsWith(SCOPE))
      .map((name) => name.slice(SCOPE.length));
    const referenced = read("tsconfig.json").references.map(({ path: to }) => path.basename(to));
    const expected = [...imported].sort().join(", ");
    return [
      [`${home}/package.json`, declared],
      [`${home}/tsconfig.json`, referenced],
      [`${home} in MAY_IMPORT`, allowed],
    ]
      .filter(([, names]) => [...names].sort().join(", ") !== expected)
      .map(([where, names]) => `${where}: names ${names.join(", ")}; imported: ${expected}`);
  });
}
