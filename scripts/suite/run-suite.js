// Runs what a change has to pass, on what `npm ci` has built: the checks and the planted errors side by
// side, then the tests; with `--all` every one of them, all side by side. Prints one closing line that sums them all.

import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { closingLine, countsIn, countsOfStep, sumOf } from "./counts.js";

const ROOT = path.join(import.meta.dirname, "../..");
const HELD_BACK_LINES_MAX = 20_000;

/**
 * The scripts of package.json, in groups that run one after the other. Of all planted errors many have a round of
 * their own, which leaves a core idle: the tests take it.
 *
 * @param {boolean} isAll
 */
function groupsOf(isAll) {
  return isAll
    ? [["check", "test:planted:all", "test:all"]]
    : [["check", "test:planted"], ["test"]];
}

/**
 * Runs one script, and hands on what it prints but for its closing line.
 *
 * @param {string} name
 * @param {(line: string) => void} print
 */
async function runStep(name, print) {
  const child = spawn("npm", ["run", "--silent", name], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  let counts = null;
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const counted = countsIn(line);
        if (counted === null) print(line);
        else counts = counted;
      }
    });
    stream.on("end", () => rest === "" || print(rest));
  }
  const exit = await new Promise((resolve) => {
    child.on("error", (error) => {
      print(`cannot run npm: ${error.message}`);
      resolve(null);
    });
    child.on("close", resolve);
  });
  return countsOfStep({ exit, counts });
}

/**
 * Side by side; the first is seen at once, the others when the ones before them are done.
 *
 * @param {readonly string[]} names
 */
async function runGroup(names) {
  const held = names.map(() => /** @type {string[]} */ ([]));
  let shown = 0;
  const show = (line) => process.stdout.write(`${line}\n`);
  const steps = names.map((name, index) =>
    runStep(name, (line) => {
      if (index === shown) show(line);
      else if (held[index].length < HELD_BACK_LINES_MAX) held[index].push(line);
    }),
  );
  const all = [];
  for (const [index, step] of steps.entries()) {
    shown = index;
    for (const line of [`\n== npm run ${names[index]}`, ...held[index]]) show(line);
    all.push(await step);
  }
  return sumOf(all);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = [];
  for (const group of groupsOf(process.argv.includes("--all"))) all.push(await runGroup(group));
  const sum = sumOf(all);
  console.log(`\n${closingLine(sum)}`);
  process.exitCode = sum.failed > 0 ? 1 : 0;
}
