// That the next step of every error can be followed. The types demand one of each error; this reads what it
// says: somewhere it tells the operator what to do, by a verb that stands at the beginning of a clause.
// @module-tag only-in-all

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..");

/** What an operator can do, and the places that say what to do. */
const STEPS = new Set(
  [
    "add ask bring call change check choose compare convert copy correct create download end fetch find",
    "connect get give grant install keep leave let look make mend migrate move name open pack percent-encode",
    "publish put raise read remove repair replay report restore run see set start swap switch take unpack unset upgrade use",
    "verify wait write forklift",
  ]
    .join(" ")
    .split(" "),
);

/** A value that is put into a text. */
const VALUE = "…";

/** Names under which the next step of an error is written or handed on. */
const IS_NAME =
  /^(hint|accessHint|again|anew|listing|undefined|NEXT|REFUSED_STEP|NEXT_STEP|[A-Z_]*HINT|[a-z]+Hint)$/;
const IS_LIST = /^(INSTEAD|TLS_HINTS|rule)$/;
const IS_MAKER = /^(clear|runAgain|hintFor|presetHint|swappedHint|nextStep|nextStepOf)$/;

function sourcesIn(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /(^|\/)src\/.*\.ts$/.test(name) && !/node_modules|testkit/.test(name))
    .map((name) => path.join(folder, name));
}

/** Every text that an expression may be; null for one that cannot be read here. */
function textsOf(node: ts.Expression): readonly string[] | null {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) {
    // A text that is made of others is as good as they are.
    if (node.templateSpans.some(({ expression }) => isReadElsewhere(expression))) return [];
    const spans = node.templateSpans.map(({ literal }) => VALUE + literal.text);
    return [node.head.text + spans.join("")];
  }
  if (ts.isBinaryExpression(node)) {
    const [left, right] = [textsOf(node.left), textsOf(node.right)];
    if (left === null || right === null) return null;
    if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) return [...left, ...right];
    return [`${left[0] ?? ""}${right[0] ?? ""}`];
  }
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isConditionalExpression(node)) {
    const [yes, no] = [textsOf(node.whenTrue), textsOf(node.whenFalse)];
    return yes === null || no === null ? null : [...yes, ...no];
  }
  if (ts.isAwaitExpression(node)) return textsOf(node.expression);
  return isReadElsewhere(node) ? [] : null;
}

function isReadElsewhere(node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) return IS_NAME.test(node.text) || node.text === "next";
  if (ts.isPropertyAccessExpression(node)) {
    return node.name.text === "hint" || node.expression.getText() === "RUN_AGAIN";
  }
  if (ts.isElementAccessExpression(node)) return IS_LIST.test(node.expression.getText());
  if (!ts.isCallExpression(node)) return false;
  const called = node.expression.getText();
  // The schema of a record says what type it has.
  return IS_MAKER.test(called) || called.startsWith("z.");
}

interface Step {
  readonly place: string;
  readonly texts: readonly string[] | null;
}

function stepsIn(file: string): Step[] {
  const text = readFileSync(path.join(ROOT, file), "utf8");
  if (!/hint/i.test(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Step[] = [];
  const add = (node: ts.Expression) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push({ place: `${file}:${line + 1}`, texts: textsOf(node) });
  };
  const visit = (node: ts.Node, isInMaker: boolean) => {
    const named =
      ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) || ts.isBindingElement(node)
        ? node
        : null;
    const { initializer } = named ?? {};
    const name = named?.name.getText() ?? "";
    const isText = initializer !== undefined && !ts.isObjectLiteralExpression(initializer);
    if (IS_NAME.test(name) && isText) add(initializer);
    if (isInMaker && ts.isReturnStatement(node) && node.expression) add(node.expression);
    const isMaker = ts.isFunctionDeclaration(node) && IS_MAKER.test(node.name?.text ?? "");
    const isInner = ts.isArrowFunction(node);
    node.forEachChild((child) => visit(child, isMaker || (isInMaker && !isInner)));
  };
  visit(source, false);
  return found;
}

function canBeFollowed(text: string): boolean {
  if (/\bthe message\b/.test(text)) return false;
  const clauses = text.split(/[;:,.] | or | and |\bthen /);
  return clauses.some((clause) => {
    const [first = ""] = clause.trim().split(" ");
    return STEPS.has(first) || first.startsWith("docs/") || clause.startsWith(`${VALUE} lists`);
  });
}

const all = ["packages", "apps", "jobs"].flatMap(sourcesIn).flatMap(stepsIn);

test("the next step of every error can be followed", () => {
  expect(all.length).toBeGreaterThan(250);
  const useless = all.flatMap(({ place, texts }) =>
    (texts ?? [`${VALUE} cannot be read`]).flatMap((text) =>
      canBeFollowed(text) ? [] : [`${place}: ${text}`],
    ),
  );
  expect(useless).toEqual([]);
});

test.each(["see the message", "", "the dump is damaged", "this is another network", "unknown"])(
  "%j is no next step",
  (text) => {
    expect(canBeFollowed(text)).toBe(false);
  },
);
