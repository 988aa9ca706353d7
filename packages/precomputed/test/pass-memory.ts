// How much memory the first pass over a bundle takes, measured in a process of its own.

import { execFileSync } from "node:child_process";

export interface MeasuredBundle {
  readonly path: string;
  readonly scratchDirectory: string;
  /** The file name of any of its blocks. */
  readonly blockName: string;
}

/** By how many megabytes the peak of resident memory grows while the bundle is read through. */
export function grownMegabytes({ path, scratchDirectory, blockName }: MeasuredBundle): number {
  const grown = execFileSync(process.execPath, ["--input-type=module", "-e", MEASURE], {
    cwd: import.meta.dirname,
    env: { ...process.env, BUNDLE: path, SCRATCH: scratchDirectory, FIRST: blockName },
    encoding: "utf8",
  });
  return Number(grown);
}

const MEASURE = `
  import { parseBlockFileName } from "@forklift/chain";
  import { openBlockSources } from "@forklift/precomputed";
  import { peakMemory } from "@forklift/system";
  const { BUNDLE, SCRATCH, FIRST } = process.env;
  const sources = await openBlockSources({
    urls: [BUNDLE], network: "mainnet", scratchDirectory: SCRATCH,
  });
  const before = peakMemory();
  await sources.fetchIfPresent({ ...parseBlockFileName(FIRST), height: 99999n });
  console.log(Math.round((peakMemory() - before) / 2 ** 20));
`;
