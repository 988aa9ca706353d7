// Two stores of a law's own, one of them with sets: what the stages of `forklift store` work on.

import { createHash } from "node:crypto";
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type FoundSet, findSets, moveLatest, type PublishedSet } from "@forklift/sets";
import { openStore, type Store } from "@forklift/storage";
import { type CrashPoints, NETWORK, oncePerRun, type Sandbox, writeSet } from "@forklift/testkit";
import type { CopyContext } from "../../src/stages/copy-sets.ts";

const date = () => new Date("2024-06-30T00:00:00Z");

export interface SetsContext extends CopyContext {
  readonly store: Store;
  readonly found: readonly FoundSet[];
}

export interface SetsSandbox<Context> extends Sandbox<Context> {
  /** The path of a set's file of that role, or of its manifest. */
  file(store: "from" | "to", part: "dump" | "manifest"): Promise<string>;
  /** One byte of it becomes another. */
  flip(file: string): Promise<void>;
  remove(file: string): Promise<void>;
  append(file: string): Promise<void>;
}

const WRITING = ["write", "replace", "compose", "remove"] as const;

export async function openSets<Context>(
  heights: readonly number[],
  contextOf: (context: SetsContext) => Context,
): Promise<SetsSandbox<Context>> {
  const { folder, written } = await setsOf(heights);
  const home = await mkdtemp(path.join(tmpdir(), "forklift-laws-"));
  await cp(folder, home, { recursive: true });
  const storeAt = (name: string) => openStore(`${pathToFileURL(path.join(home, name)).href}/`);
  return {
    async file(store, part) {
      const { name, manifest } = written.at(-1)!;
      const file = part === "manifest" ? name : manifest.files[0]!.name;
      return path.join(home, store, file);
    },
    async flip(file) {
      const bytes = await readFile(file);
      bytes[7]! ^= 1;
      await writeFile(file, bytes);
    },
    remove: (file) => rm(file),
    append: (file) => appendFile(file, "x"),
    contents: () => digestsBelow(home),
    async open(crash: CrashPoints) {
      const from = crash.store(storeAt("from"), WRITING);
      const to = crash.store(storeAt("to"), WRITING);
      const { sets: found } = await findSets(storeAt("from"), NETWORK);
      return {
        context: contextOf({
          ...{ network: NETWORK, from, to, sets: written, jobs: 2, isMoving: true, date },
          confirm: async () => undefined,
          ...{ store: from, found },
        }),
        async [Symbol.asyncDispose]() {},
      };
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

interface WrittenSets {
  readonly folder: string;
  readonly written: readonly PublishedSet[];
}

/** Their files hold random bytes, so that laws can compare them only when they are written once. */
async function setsOf(heights: readonly number[]): Promise<WrittenSets> {
  return await oncePerRun(["sets", ...heights].join("-"), async (folder) => {
    const store = openStore(`${pathToFileURL(path.join(folder, "from")).href}/`);
    const written: PublishedSet[] = [];
    for (const height of heights) {
      const set = await writeSet(store, { height });
      await moveLatest(store, { network: NETWORK, set, date, isReplacing: false });
      written.push(set);
    }
    return { folder, written };
  });
}

async function digestsBelow(home: string): Promise<Record<string, string>> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const digests = files.map(async ({ parentPath, name }): Promise<[string, string]> => {
    const file = path.join(parentPath, name);
    return [
      path.relative(home, file),
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ];
  });
  return Object.fromEntries((await Promise.all(digests)).sort());
}
