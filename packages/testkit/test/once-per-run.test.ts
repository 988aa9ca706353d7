// What is made once in a run is made by one, given to all, and tried again when it could not be made.

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { oncePerRun } from "../src/once-per-run.ts";

test("is made by whoever asks first, while the others wait", async () => {
  const key = randomUUID();
  let made = 0;
  const make = async (folder: string) => {
    await delay(20);
    writeFileSync(path.join(folder, "file"), "whole");
    return { folder, count: ++made };
  };
  const all = await Promise.all([1, 2, 3].map(() => oncePerRun(key, make)));
  expect(all.map(({ count }) => count)).toEqual([1, 1, 1]);
  expect(readFileSync(path.join(all[2]!.folder, "file"), "utf8")).toBe("whole");
});

test("is another thing under another key", async () => {
  const make = async () => randomUUID();
  expect(await oncePerRun(randomUUID(), make)).not.toBe(await oncePerRun(randomUUID(), make));
});

test("that fails leaves nothing behind, and is tried again by the next", async () => {
  const key = randomUUID();
  let half = "";
  const failing = oncePerRun(key, async (folder) => {
    half = folder;
    throw new Error("no room");
  });
  await expect(failing).rejects.toThrow("no room");
  expect(existsSync(half)).toBe(false);
  expect(await oncePerRun(key, async () => "made")).toBe("made");
});
