// Checks the table "Where each promise is kept" of ARCHITECTURE.md against the code: each name
// there exists in the named package, another file uses it, and the named test is one that is run.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { ARCHITECTURE } from "../architecture.js";

const HEADING = "## Where each promise is kept";
const NAME = /^[A-Za-z_]\w*$/;
const ALL_ABOVE = "all of the above";

/**
 * @typedef {object} PromiseRow
 * @property {string} promise
 * @property {string} keeper
 * @property {string} seen Where it was seen to hold.
 */

/** @returns {PromiseRow[]} */
export function promisesOf(page) {
  const begin = page.indexOf(HEADING);
  const section = begin === -1 ? "" : page.slice(begin + HEADING.length).split("\n## ")[0];
  return [...section.matchAll(/^\|(.+)\|(.+)\|(.+)\|$/gm)]
    .map(([, ...cells]) => cells.map((cell) => cell.trim()))
    .slice(2)
    .map(([promise, keeper, seen]) => ({ promise, keeper, seen }));
}

/**
 * @param {string} root
 * @param {PromiseRow[]} rows
 * @param {(file: string) => boolean} isRun Whether the test runner runs a file.
 * @returns {string[]} What does not hold, each with its promise first.
 */
export function problemsOfPromises(root, rows, isRun, table = ARCHITECTURE) {
  const homes = Object.keys(table.MAY_IMPORT);
  const sources = homes.flatMap((home) => filesBelow(root, `${home}/src`));
  return rows.flatMap((row, index) =>
    [
      ...problemsOfKeeper(root, row, { homes, sources, isFirst: index === 0 }),
      ...problemsOfTest(root, row, isRun),
    ].map((problem) => `${row.promise}: ${problem}`),
  );
}

function quoted(cell) {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);
}

function problemsOfKeeper(root, { keeper }, { homes, sources, isFirst }) {
  const named = quoted(keeper);
  const names = named.filter((text) => NAME.test(text) && !homes.includes(text));
  const places = named.filter((text) => /^(packages|apps)\//.test(text) || homes.includes(text));
  if (names.length === 0) {
    return !isFirst && keeper.startsWith(ALL_ABOVE) ? [] : ["names nobody who keeps it"];
  }
  return [
    ...places.filter((it) => !homes.includes(it)).map((it) => `${it} is no package`),
    ...names.flatMap((name) => {
      const where = places.length === 0 ? "any package" : places.join(", ");
      const candidates = sources.filter(
        (file) => places.length === 0 || places.some((place) => file.startsWith(`${place}/`)),
      );
      const home = candidates.find((file) => rolesOf(root, file, name).includes("exports"));
      if (home === undefined) return [`${name} is not exported in ${where}`];
      const isUsed = sources.some(
        (file) => file !== home && rolesOf(root, file, name).includes("uses"),
      );
      return isUsed ? [] : [`${name} of ${home} is used by nobody but its tests`];
    }),
  ];
}

/** Whether a file exports a thing of this name that it declares, or imports one, which it then uses. */
function rolesOf(root, file, name) {
  const text = readFileSync(path.join(root, file), "utf8");
  if (!new RegExp(`\\b${name}\\b`).test(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const roles = [];
  const visit = (node) => {
    if (ts.isImportSpecifier(node) && (node.propertyName ?? node.name).text === name) {
      const isOnlyAType = node.isTypeOnly || node.parent.parent.isTypeOnly;
      if (!isOnlyAType) roles.push("uses");
    }
    if (node.name !== undefined && ts.isIdentifier(node.name) && node.name.text === name) {
      if (isExported(node)) roles.push("exports");
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return roles;
}

function isExported(declaration) {
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0;
}

function problemsOfTest(root, { seen }, isRun) {
  const tests = quoted(seen);
  if (tests.length === 0) return ["names no test"];
  return tests.flatMap((test) => {
    if (!existsSync(path.join(root, test))) return [`${test} does not exist`];
    const files = test.endsWith(".ts") ? [test] : filesBelow(root, test);
    return files.some(isRun) ? [] : [`${test} is not run by the tests`];
  });
}

function filesBelow(root, folder) {
  const top = path.join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}
