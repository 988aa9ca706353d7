// The checkpoints of a folder, by their slots.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "vitest";

export const slotOf = (name: string) => Number(/(\d+)\.json$/.exec(name)![1]);

export const metaOf = (file: string) => file.replace(/json$/, "meta.json");

/** Ascending. */
export async function checkpointsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /checkpoint-\d+\.json$/.test(name));
  return names.sort((a, b) => slotOf(a) - slotOf(b));
}

/** Of the highest checkpoint in the folder. */
export async function newest(folder: string): Promise<string> {
  return path.join(folder, (await checkpointsIn(folder)).at(-1)!);
}

export async function expectSameFiles(a: string, b: string): Promise<void> {
  expect(path.basename(a)).toBe(path.basename(b));
  // Not compared by toEqual: a difference would print a megabyte.
  expect((await readFile(a)).equals(await readFile(b))).toBe(true);
  expect((await readFile(metaOf(a))).equals(await readFile(metaOf(b)))).toBe(true);
}
