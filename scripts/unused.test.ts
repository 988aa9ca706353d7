// Tests that knip, with the repository's rules, finds unused code: in a small tree with one of
// each.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const run = promisify(execFile);
const ROOT = path.dirname(import.meta.dirname);
const KNIP = path.join(ROOT, "node_modules/knip/bin/knip.js");

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(path.join(tmpdir(), "forklift-unused-"));
  cpSync(path.join(ROOT, "knip.jsonc"), path.join(tree, "knip.jsonc"));
  write("package.json", { name: "tree", type: "module", workspaces: ["packages/*", "jobs"] });
  write("tsconfig.json", { compilerOptions: { module: "nodenext" } });
  writePackage("packages/chain", "chain");
  writePackage("jobs", "jobs", { dependencies: { "@forklift/chain": "*" } });
  write("packages/chain/src/index.ts", 'export { slot } from "./slot.ts";');
  write("packages/chain/src/slot.ts", "export const slot = 1;");
  write("jobs/src/main.ts", 'import { slot } from "@forklift/chain"; console.log(slot);');
  mkdirSync(path.join(tree, "node_modules/@forklift"), { recursive: true });
  symlinkSync(path.join(tree, "packages/chain"), path.join(tree, "node_modules/@forklift/chain"));
});

afterEach(() => rmSync(tree, { recursive: true }));

function write(file: string, content: object | string): void {
  const place = path.join(tree, file);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, typeof content === "string" ? content : JSON.stringify(content));
}

function writePackage(home: string, name: string, more: object = {}): void {
  const exports = { ".": "./src/index.ts" };
  write(`${home}/package.json`, { name: `@forklift/${name}`, type: "module", exports, ...more });
}

/** What knip prints, and how it ends: 0 when everything is used. */
async function knip(): Promise<{ code: number; stdout: string }> {
  const args = [KNIP, "--directory", tree, "--no-config-hints", "--no-progress"];
  return await run(process.execPath, args).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }) => ({ code, stdout }),
  );
}

test("a tree of which everything is used passes", async () => {
  expect(await knip()).toEqual({ code: 0, stdout: "" });
});

test("a file, an export, a face's export, a dependency and an undeclared one are found", async () => {
  write("packages/chain/src/forgotten.ts", "export const forgotten = 1;");
  write("packages/chain/src/slot.ts", "export const slot = 1; export const ownUse = slot;");
  write("packages/chain/src/height.ts", "export const height = 1;");
  write(
    "packages/chain/src/index.ts",
    'export { slot } from "./slot.ts"; export { height } from "./height.ts";',
  );
  writePackage("packages/chain", "chain", {
    dependencies: { "left-pad": "1.0.0" },
    devDependencies: { "right-pad": "1.0.0" },
  });
  write(
    "jobs/src/main.ts",
    'import { slot } from "@forklift/chain"; import pg from "pg"; pg(slot);',
  );
  const { code, stdout } = await knip();
  expect(code).toBe(1);
  for (const name of ["forgotten.ts", "ownUse", "height", "left-pad", "right-pad", "pg"]) {
    expect(stdout).toMatch(new RegExp(`^(.*/)?${name}\\b`, "m"));
  }
});
