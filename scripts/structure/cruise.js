// Lists every import of the packages' sources with dependency-cruiser, and those that break a rule.
// An import of `@forklift/name` leads to the source of that package's index, so nothing need be built.

import { existsSync } from "node:fs";
import path from "node:path";
import { cruise as cruiseFiles } from "dependency-cruiser";
import { ARCHITECTURE } from "../architecture.js";
import { rulesOf } from "./rules.js";

const ROOT = path.resolve(import.meta.dirname, "../..");

/**
 * @typedef {object} Import From one source file to another, or to a library.
 * @property {string} from
 * @property {string} to
 * @property {string} specifier As it stands in the file.
 */

/**
 * @param {string} root Of the tree to look at; paths in the answer are relative to it.
 * @returns {Promise<{ files: string[], imports: Import[], broken: string[] }>}
 */
export async function cruise(root, table = ARCHITECTURE) {
  const rules = rulesOf(table);
  const comments = new Map(rules.map(({ name, comment }) => [name, comment]));
  const homes = Object.keys(table.MAY_IMPORT).filter((home) =>
    existsSync(path.join(root, home, "src")),
  );
  const alias = Object.fromEntries(
    homes.map((home) => [
      `@forklift/${path.basename(home)}$`,
      path.join(root, home, "src/index.ts"),
    ]),
  );
  const { output } = await cruiseFiles(
    homes.map((home) => `${home}/src`),
    {
      baseDir: root,
      // What is only a type ties two files together as well.
      tsPreCompilationDeps: true,
      doNotFollow: { path: ["node_modules"] },
      validate: true,
      ruleSet: { forbidden: rules },
    },
    {
      alias,
      exportsFields: ["exports"],
      conditionNames: ["types", "import"],
      // The resolver is made once a process, for whichever tree is looked at first.
      bustTheCache: root !== ROOT,
    },
  );
  const isOurs = (file) => homes.some((home) => file.startsWith(`${home}/src/`));
  const modules = output.modules.filter(({ source }) => isOurs(source));
  return {
    files: modules.map(({ source }) => source),
    imports: modules.flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved, module }) => ({
        from: source,
        to: resolved,
        specifier: module,
      })),
    ),
    broken: output.summary.violations.map(
      ({ from, to, rule }) => `${from}: ${comments.get(rule.name)} (${to})`,
    ),
  };
}
