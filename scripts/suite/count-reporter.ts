// Ends a test run with one line that a program can read: "N passed, N failed". Tests that the quick
// suite leaves to the whole one are no skipped ones: they are reported in a line of their own.

import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";
import { closingLine } from "./counts.js";
import { ONLY_IN_ALL } from "./only-in-all.js";

export default class CountReporter implements Reporter {
  /** Tags of tests that this run leaves to another. */
  #leftOut: readonly string[] = [];

  onInit({ config }: Vitest): void {
    if (config.tagsFilter !== undefined) this.#leftOut = [ONLY_IN_ALL];
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    let leftToAll = 0;
    for (const module of modules) {
      // A file that could not be loaded has no tests, and must not count as none failed.
      if (module.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) {
        if (test.tags.some((tag) => this.#leftOut.includes(tag))) leftToAll++;
        else counts[stateOf(test)]++;
      }
    }
    if (leftToAll > 0) {
      process.stdout.write(`${leftToAll} tests of these files run with npm run test:all\n`);
    }
    process.stdout.write(`${closingLine(counts)}\n`);
  }
}

/** A test that was never begun counts as skipped. */
function stateOf(test: TestCase): "passed" | "failed" | "skipped" {
  const { state } = test.result();
  return state === "pending" ? "skipped" : state;
}
