// By which rules a mark was made: another digest for other code, the same for the same code elsewhere.

import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { StateHash } from "@forklift/chain";
import type { CommandGrounds } from "@forklift/precomputed";
import { expect, onTestFinished, test } from "vitest";
import { questionOf } from "../src/believe-mark.ts";
import { digestOfCode, digestOfRules } from "../src/rules.ts";

test("the digest of the rules changes with a line of code, a new file and a name, and with nothing else", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-rules-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const write = (name: string, text: string) => writeFile(path.join(home, name), text);
  await mkdir(path.join(home, "a/checks"), { recursive: true });
  await write("a/index.js", "export const slots = 7140;");
  await write("a/checks/one.js", "export {};");
  const seen = new Set<string>();
  const isNew = async () => {
    const digest = await digestOfCode([path.join(home, "a")]);
    return seen.size < seen.add(digest).size;
  };
  expect(await isNew()).toBe(true);
  await write("a/index.d.ts", "export declare const slots: number;");
  await write("a/index.js.map", "{}");
  expect(await isNew()).toBe(false);
  await write("a/index.js", "export const slots = 7141;");
  expect(await isNew()).toBe(true);
  await write("a/checks/two.js", "export {};");
  expect(await isNew()).toBe(true);
  await cp(path.join(home, "a"), path.join(home, "b"), { recursive: true });
  const [a, b] = [
    await digestOfCode([path.join(home, "a")]),
    await digestOfCode([path.join(home, "b")]),
  ];
  expect(a).toBe(b);
});

test("the same question by other rules is another question", async () => {
  const rules = await digestOfRules();
  expect(rules).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestOfRules()).toBe(rules);
  const block = { height: 7n, stateHash: "3NK" as StateHash };
  const scope = {
    anchor: { ...block, vouchedBy: "operator" },
    proven: null,
    history: "canonical",
    source: null,
  } as const;
  const asked = (by: string, more: { readonly grounds?: CommandGrounds } = {}) =>
    questionOf({ ...scope, ...more }, { checks: ["anchored"], rules: by });
  expect(asked(rules)).toBe(asked(rules));
  const share = { which: "share", percent: 5 } as const;
  expect(asked(rules, { grounds: { signatures: share, agree: 1 } })).not.toBe(asked(rules));
  expect(asked("0".repeat(64))).not.toBe(asked(rules));
});
