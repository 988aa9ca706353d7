// A small sample in a folder of the test's own, and what stands in it.

import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { makeSample, type SampleSummary } from "../src/make-sample.ts";
import { SAMPLE_DEFAULTS, type SampleOptions } from "../src/options.ts";

export const SMALL: SampleOptions = { ...SAMPLE_DEFAULTS, blocks: 60, finality: 5 };

export interface SampleFolder extends AsyncDisposable {
  readonly folder: string;
  readonly summary: SampleSummary;
}

export async function openSample(options: SampleOptions = SMALL): Promise<SampleFolder> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-sample-"));
  const folder = path.join(home, "sample");
  return {
    folder,
    summary: await makeSample(options, folder),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

/** The digest of every file, by its path. */
export async function treeOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const digests = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      const digest = createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
      return [path.relative(folder, file), digest] as const;
    }),
  );
  return Object.fromEntries(digests.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface BlockFileJson {
  readonly stateHash: string;
  readonly height: bigint;
  readonly json: {
    readonly protocol_state: unknown;
    readonly staged_ledger_diff: unknown;
    readonly delta_transition_chain_proof: unknown;
  };
}

/** By height. */
export async function readBlocks(folder: string): Promise<BlockFileJson[]> {
  const names = await readdir(path.join(folder, "blocks"));
  const blocks = names.map(async (name) => {
    const { stateHash, height } = parseBlockFileName(name)!;
    const text = await readFile(path.join(folder, "blocks", name), "utf8");
    return { stateHash, height, json: JSON.parse(text) as BlockFileJson["json"] };
  });
  return (await Promise.all(blocks)).sort((a, b) => Number(a.height - b.height));
}
