// Finds where a source file uses the process: `process`, the console, the clock. Those belong to
// main.ts, which hands them in; who cannot do without stands in architecture.js, with its reason.

import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { ARCHITECTURE } from "../architecture.js";

/** Spares most files from being parsed. */
const SUSPICIOUS = /\b(process|console|performance|perf_hooks|Date|globalThis)\b/;
const GLOBALS = new Set(["process", "console", "performance"]);
const MODULES = /^(node:)?(process|perf_hooks|console)$/;

/**
 * What of the process a source text uses, sorted: `process.env`, `performance.now`, `new Date()`.
 * A property or a parameter that is merely called like it is no use.
 */
export function usesOfProcess(text) {
  if (!SUSPICIOUS.test(text)) return [];
  const source = ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest, true);
  const uses = new Set();
  const visit = (node) => {
    const use = useOf(node);
    if (use !== null) uses.add(use);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...uses].sort();
}

function useOf(node) {
  if (ts.isImportDeclaration(node) && MODULES.test(node.moduleSpecifier.text)) {
    return `import "${node.moduleSpecifier.text}"`;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "Date") {
    return (node.arguments ?? []).length === 0 ? "new Date()" : null;
  }
  if (!ts.isIdentifier(node)) return null;
  if (node.text === "Date" && isMember(node.parent, node, "now")) return "Date.now";
  if (!GLOBALS.has(node.text) || isOnlyAName(node)) return null;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) {
    return `${node.text}.${parent.name.text}`;
  }
  return node.text;
}

function isMember(parent, object, name) {
  return (
    ts.isPropertyAccessExpression(parent) &&
    parent.expression === object &&
    parent.name.text === name
  );
}

/** In `holder.process`, `{ process: … }` and the fields of types the word names a property. */
function isOnlyAName(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && parent.expression.getText() !== "globalThis";
  }
  if (ts.isBindingElement(parent) && parent.propertyName === node) return true;
  return "name" in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent);
}

/** Whether the table allows this file this use. */
function isAllowed({ in: places, uses }, file, use) {
  const isHere = places.some((place) => file === place || file.startsWith(`${place}/`));
  return isHere && (uses.includes(use) || uses.includes("*"));
}

/** @returns {string[]} Uses that are not allowed, and unused allowances. */
export function problemsOfProcess(root, files, { TOUCHES_PROCESS } = ARCHITECTURE) {
  const found = files
    .filter((file) => path.basename(file) !== "main.ts")
    .flatMap((file) => {
      const text = readFileSync(path.join(root, file), "utf8");
      return usesOfProcess(text).map((use) => ({ file, use }));
    });
  const forbidden = found
    .filter(({ file, use }) => !TOUCHES_PROCESS.some((entry) => isAllowed(entry, file, use)))
    .map(({ file, use }) => `${file}: only main.ts touches the process (${use})`);
  const idle = TOUCHES_PROCESS.flatMap(({ in: places, uses }) =>
    places
      .filter((place) => !found.some((it) => isAllowed({ in: [place], uses }, it.file, it.use)))
      .map((place) => `${place}: TOUCHES_PROCESS allows it ${uses.join(", ")} for nothing`),
  );
  return [...forbidden, ...idle];
}
