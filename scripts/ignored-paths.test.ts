// What the pages have people make in a clone stays out of commits and out of the image: it may hold
// secrets, and it is large.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.dirname(import.meta.dirname);
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

const PAGES = [
  "README.md",
  "RUNBOOK.md",
  "k8s/README.md",
  ...readdirSync(path.join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const tracked = gitLines(["ls-files"]);

/** `./name` in a fenced block of a page, in the Dockerfile's comments and in compose.yaml's volumes. */
const relative = [...PAGES.flatMap(fencedBlocks), read("Dockerfile"), read("compose.yaml")]
  .flatMap((text) => [...text.matchAll(/(?:^|[\s"'=[,])\.\/([\w.-]+)/gm)])
  .map(([, name]) => name!);

/** Files that a page names without a dot, and those that a dry run of final leaves where it was started. */
const NAMED = [
  "forklift.yaml",
  "my-secret.yaml",
  "mainnet-dry-run-report-1000-3NKabc.json",
  "mainnet-dry-run-hand-over-1000-3NKabc.json",
  "mainnet-dry-run-hand-over-1000-3NKabc.txt",
];

const made = [...new Set([...relative, ...NAMED])]
  .filter((name) => !tracked.some((file) => file === name || file.startsWith(`${name}/`)))
  .sort();

test("the pages' paths have been found", () => {
  expect(made).toEqual(
    expect.arrayContaining([
      "checkpoints",
      "data",
      "dumps",
      "genesis-ledger.json",
      "sample",
      "store",
    ]),
  );
});

test.each(made)("%s is not committed by accident", (name) => {
  // Something in it: git takes a name that is not there for a file, which a folder's pattern leaves alone.
  expect(isIgnored(`${name}/part`)).toBe(true);
});

test.each(made)("%s is not copied into the image", (name) => {
  const patterns = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(patterns.filter((pattern) => matchesInRoot(pattern, name))).not.toEqual([]);
});

test("nothing that the repository holds is ignored", () => {
  expect(gitLines(["ls-files", "--cached", "--ignored", "--exclude-standard"])).toEqual([]);
});

function fencedBlocks(page: string): string[] {
  return [...read(page).matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, block]) => block!);
}

function gitLines(args: readonly string[]): string[] {
  const output = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
  return output.split("\n").filter((line) => line !== "");
}

/** Ends with 1, which throws here, for a path that is not ignored. */
function isIgnored(name: string): boolean {
  try {
    execFileSync("git", ["check-ignore", "--quiet", "--no-index", name], { cwd: ROOT });
    return true;
  } catch {
    return false;
  }
}

/** Docker's patterns as far as we write them: a name in the root of the context, with stars in it. */
function matchesInRoot(pattern: string, name: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replaceAll(/[.+?^$()[\]{}|\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[^/]*")}$`).test(name);
}
