// Plants one error at a time in each package and sees whether a test notices. `npm run test:planted`
// plants two of each package, `npm run test:planted:all` every one; ends with "N passed, N failed".
//
// Nothing is written: the error is put into the source while the test runner loads it. One process runs
// the tests of all errors, and as many at once as there are packages, whose tests load only their own
// package as source. That the same tests pass without an error is seen by the suite, which runs them as well. An
// error whose tests need the real data, where that is missing, is counted as skipped.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { createVitest } from "vitest/node";
import { closingLine } from "../suite/counts.js";
import { fileNamed, homeOf, QUICK_OF_EACH, readLists } from "./planted-error.js";

const ROOT = path.join(import.meta.dirname, "../..");

/** Where the tests look for it, too: `packages/testkit/src/mainnet.ts`. */
const SHARED = process.env["FORKLIFT_SHARED"] ?? path.join(ROOT, "../shared");

/** An error may keep a test waiting for what never comes; on a slow machine a right one takes 40 seconds. */
const TEST_MS_MAX = 120_000;

const COUNTED_AS = { noticed: "passed", UNNOTICED: "failed", skipped: "skipped" };

/**
 * @typedef {{ home: string, rule: string, file: string, text: string, test: string, isLoaded: boolean }} Planted
 */

/**
 * @param {string} home
 * @param {import("./planted-error.js").PlantedError} error
 * @returns {Planted}
 */
export function locate(home, [rule, name, right, wrong, testName]) {
  const file = fileNamed(path.join(home, "src"), `${name}.ts`);
  const parts = readFileSync(file, "utf8").split(right);
  if (parts.length < 2) throw new Error(`${file} has no ${right}: renew the list`);
  const [before, ...after] = parts;
  const test = fileNamed(path.join(home, "test"), `${testName}.test.ts`);
  const text = before + wrong + after.join(right);
  return { home: path.relative(ROOT, home), rule, file, text, test, isLoaded: false };
}

/** The first errors of all packages, then the second ones, and so on. */
async function roundsOf(isAll) {
  const lists = [...(await readLists())].map(([name, list]) => {
    const home = homeOf(name);
    return list.slice(0, isAll ? undefined : QUICK_OF_EACH).map((error) => locate(home, error));
  });
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1)));
}

/** A test runner, and the files that it is to load otherwise than they stand. */
async function openRunner() {
  /** @type {Map<string, Planted>} */
  const planted = new Map();
  const vitest = await createVitest(
    "test",
    {
      ...{ watch: false, root: ROOT, reporters: [{}], silent: true, testTimeout: TEST_MS_MAX },
      // A worker must not know a module from before the error was put into it.
      isolate: true,
    },
    {
      plugins: [
        {
          name: "plant",
          enforce: "pre",
          transform(_code, id) {
            const error = planted.get(id);
            if (error === undefined) return null;
            error.isLoaded = true;
            return { code: error.text, map: null };
          },
        },
      ],
    },
  );
  const forget = () => {
    for (const { moduleGraph } of Object.values(vitest.vite.environments)) {
      for (const file of planted.keys()) {
        for (const module of moduleGraph.getModulesByFile(file) ?? []) {
          moduleGraph.invalidateModule(module);
        }
      }
    }
  };
  /** The test files that fail, and those of which some tests had to be left out. */
  const runFiles = async (tests) => {
    const specifications = await vitest.globTestSpecifications();
    const chosen = specifications.filter(({ moduleId }) => tests.includes(moduleId));
    const { testModules } = await vitest.runTestSpecifications(chosen);
    const run = testModules.filter(({ moduleId }) => tests.includes(moduleId));
    const idsOf = (modules) => modules.map(({ moduleId }) => moduleId);
    const hasSkipped = (module) => !module.children.allTests("skipped").next().done;
    return {
      failed: idsOf(run.filter((module) => module.state() === "failed")),
      leftOut: existsSync(path.join(SHARED, "data/mainnet")) ? [] : idsOf(run.filter(hasSkipped)),
    };
  };
  return {
    /**
     * @param {readonly Planted[]} errors of one round
     * @returns {Promise<readonly ("noticed" | "UNNOTICED" | "skipped")[]>} for each what came of it
     */
    async tried(errors) {
      for (const error of errors) planted.set(error.file, error);
      forget();
      const { failed, leftOut } = await runFiles(errors.map(({ test }) => test));
      forget();
      planted.clear();
      const lost = errors.find(({ isLoaded }) => !isLoaded);
      if (lost !== undefined) throw new Error(`${lost.test} does not load ${lost.file}`);
      return errors.map(({ test }) => {
        if (failed.includes(test)) return "noticed";
        return leftOut.includes(test) ? "skipped" : "UNNOTICED";
      });
    },

    close: () => vitest.close(),
  };
}

async function main(isAll) {
  const rounds = await roundsOf(isAll);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const runner = await openRunner();
  try {
    for (const errors of rounds) {
      const results = await runner.tried(errors);
      for (const [at, error] of errors.entries()) {
        const result = results[at];
        counts[COUNTED_AS[result]]++;
        console.log(`${result.padEnd(9)}  ${error.home}: ${error.rule}`);
      }
    }
  } finally {
    await runner.close();
  }
  console.log(closingLine(counts));
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) await main(process.argv.includes("--all"));
