// Tests of the check process-use.js: what counts as use of the process, and what only looks like
// it.

import { expect, test } from "vitest";
import { usesOfProcess } from "./structure/process-use.js";

test.each([
  ["process.exit(1)", "process.exit"],
  ["const { env } = process;", "process"],
  ['process["env"]', "process"],
  ["start({ process });", "process"],
  ["globalThis.process.exit()", "process"],
  ['import { env } from "node:process";', 'import "node:process"'],
  ['import { performance as clock } from "perf_hooks";', 'import "perf_hooks"'],
  ["const begun = performance.now();", "performance.now"],
  ["const now = Date.now;", "Date.now"],
  ["const now = new Date();", "new Date()"],
  ["const now = new Date;", "new Date()"],
  ["console.error(problem)", "console.error"],
])("%s touches the process", (text, use) => {
  expect(usesOfProcess(text)).toContain(use);
});

test.each([
  "record.process.pid",
  "interface Record { readonly process: string }",
  "const record = { process: 1, console: 2 };",
  "const { process: owner } = record;",
  "new Date(text)",
  "// process.exit would be wrong here",
  'const hint = "process.env";',
])("%s does not", (text) => {
  expect(usesOfProcess(text)).toEqual([]);
});
