// Where a source file outside the rooms of SQL holds some: a statement in a string or a template, or a
// question put to a session. Whoever needs another answer of an archive writes a function of the archive.

import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

/** Who may hold SQL, and why. */
export const SQL_ROOMS = {
  "packages/postgres": "queries of any database: catalogs, settings, dumps, restores",
  "packages/archive": "queries of an archive, and how one is written",
  "packages/verifier": "its own questions, shared with nobody, so that no mistake is shared either",
  "packages/testkit": "only tests import it",
};

/** Spares most files from being parsed. */
const SUSPICIOUS =
  /\b(select|insert|update|delete|with|create|alter|drop|truncate|analyze|copy|lock|query|rows|copyIn|copyOut)\b/i;

/** A session's methods that take a statement or a table, and no other object's in this repository. */
const QUESTIONS = new Set(["query", "copyIn", "copyOut"]);

/** Those that others have, too: here only a statement among the arguments is a fault. */
const STATEMENT_TAKERS = new Set(["execute", "rows", "stream", "run", "unsafe"]);

/** At the start of a string that is handed to one of them. */
const VERB =
  /^\s*(select|insert|update|delete|with|create|alter|drop|truncate|analyze|vacuum|copy|lock|grant|revoke|set|show|begin|commit|rollback|explain|merge|values)\b/i;

/** At the start of any string: what prose does not say. `create the database` is a hint for people. */
const STATEMENT = new RegExp(
  `^\\s*(?:${[
    String.raw`select\s[\s\S]*\sfrom\s`,
    String.raw`select\s+(?:count|exists|max|min|sum|pg_\w+|current_\w+)\s*\(`,
    String.raw`insert\s+into\s`,
    String.raw`update\s+\S+\s+set\s`,
    String.raw`delete\s+from\s`,
    String.raw`with\s+(?:recursive\s+)?\w+\s+as\s+(?:(?:not\s+)?materialized\s+)?\(`,
    String.raw`(?:create|alter|drop)\s+(?:or\s+replace\s+|temp(?:orary)?\s+|unique\s+)*(?:table|index|view|type|sequence|function|extension)\s`,
    String.raw`truncate\s+(?:table\s+)?\w+\s*(?:;|,|$|cascade)`,
    String.raw`analyze\s*(?:;|$)`,
    String.raw`copy\s+(?:\w+|\([^)]*\))\s+(?:from|to)\s+std(?:in|out)`,
    String.raw`lock\s+table\s`,
  ].join("|")})`,
  "i",
);

/**
 * The lines of a source text that hold SQL, ascending.
 * @param {string} text
 * @returns {number[]}
 */
export function linesOfSql(text) {
  if (!SUSPICIOUS.test(text)) return [];
  const source = ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest, true);
  const lines = new Set();
  const visit = (node) => {
    if (isQuestion(node) || isStatement(node)) {
      lines.add(source.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...lines].sort((a, b) => a - b);
}

function isQuestion(node) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const method = node.expression.name.text;
  if (QUESTIONS.has(method)) return true;
  return STATEMENT_TAKERS.has(method) && node.arguments.some((each) => VERB.test(textOf(each)));
}

function isStatement(node) {
  const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
  return isText && STATEMENT.test(textOf(node));
}

/** What a string or a template says; a value that is filled in stands as one word. */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return "";
  return node.head.text + node.templateSpans.map(({ literal }) => `x${literal.text}`).join("");
}

/**
 * @param {string} root
 * @param {readonly string[]} files relative to it.
 * @returns {string[]}
 */
export function problemsOfSql(root, files) {
  const isRoom = (file) => Object.keys(SQL_ROOMS).some((room) => file.startsWith(`${room}/`));
  return files
    .filter((file) => !isRoom(file))
    .flatMap((file) => {
      const lines = linesOfSql(readFileSync(path.join(root, file), "utf8"));
      return lines.map((line) => `${file}:${line}: SQL belongs into packages/archive`);
    });
}
