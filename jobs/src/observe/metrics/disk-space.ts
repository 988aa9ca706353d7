// Measures the free disk space where forklift writes, for the metrics.

import path from "node:path";
import { localPathOf } from "@forklift/storage";
import { type FreeSpace, freeSpaceAt } from "@forklift/system";
import type { Config } from "../../config/schema.ts";
import { workRoot } from "../../context/configured-inputs.ts";

export interface DiskSpace extends FreeSpace {
  readonly place: "work" | "cache" | "store";
  readonly path: string;
}

/** Of local folders; one that cannot be queried is left out. */
export async function readDiskSpace(
  config: Pick<Config, "cache" | "target" | "work">,
): Promise<DiskSpace[]> {
  const { cache, target } = config;
  const places: readonly [DiskSpace["place"], string | null][] = [
    ["work", workRoot(config)],
    ["cache", cache === undefined ? null : path.resolve(cache.dir)],
    ["store", localPathOf(target.store)],
  ];
  const found: DiskSpace[] = [];
  for (const [place, folder] of places) {
    const space = folder === null ? null : await freeSpaceAt(folder);
    if (space !== null) found.push({ place, path: folder!, ...space });
  }
  return found;
}
