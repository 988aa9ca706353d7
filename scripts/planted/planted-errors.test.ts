// The lists of planted errors fit the code that they are planted in, and no package is without one.

import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { locate } from "./plant.js";
import { homeOf, QUICK_OF_EACH, readLists } from "./planted-error.js";

const ROOT = path.join(import.meta.dirname, "../..");
const lists = [...(await readLists())];

test("every package has a list, and every list a package", () => {
  const inside = (folder: string) => readdirSync(path.join(ROOT, folder));
  const packages = [...inside("packages"), ...inside("apps"), "jobs", "schemas"];
  expect(lists.map(([name]) => name)).toEqual(packages.sort());
});

describe.each(lists)("of %s", (name, list) => {
  test("there are enough for the quick suite", () => {
    expect(list.length).toBeGreaterThanOrEqual(QUICK_OF_EACH);
  });

  test("each is planted in code that is there, and told by a test that is there", () => {
    const located = list.map((error) => locate(homeOf(name), error));
    expect(new Set(located.map(({ rule }) => rule)).size).toBe(list.length);
  });
});

test("an error whose code has changed, or whose file is gone, is an error itself", () => {
  const home = homeOf("chain");
  expect(() => locate(home, ["r", "integer", "no such code", "", "base58"])).toThrow(
    "renew the list",
  );
  expect(() => locate(home, ["r", "no-such-file", "x", "", "base58"])).toThrow("0 files below");
  expect(() => homeOf("no-such-package")).toThrow("no package has the folder");
});
