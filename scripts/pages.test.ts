// The paths that ARCHITECTURE.md and CONTRIBUTING.md name are there.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.dirname(import.meta.dirname);

/** In backticks, from the root of the repository. */
const PATH = /`((?:\.ci|apps|docs|jobs|k8s|packages|schemas|scripts)\/[\w./-]+)`/g;

test.each(["ARCHITECTURE.md", "CONTRIBUTING.md"])("%s names only what is there", (page) => {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  const named = [...text.matchAll(PATH)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
});
