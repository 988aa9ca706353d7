// Measures the free disk space where forklift writes, for the metrics.

import { statfs } from "node:fs/promises";
import path from "node:path";
import { localPathOf } from "@forklift/storage";
import type { Config } from "../../config/schema.ts";
import { workRoot } from "../../context/configured-inputs.ts";

export interface DiskSpace {
  readonly place: "work" | "cache" | "store";
  readonly path: string;
  readonly freeBytes: number;
  readonly sizeBytes: number;
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
    const space = folder === null ? null : await spaceAt(folder);
    if (space !== null) found.push({ place, path: folder!, ...space });
  }
  return found;
}

/** A folder that is still to be made lies on the file system of the one above it. */
async function spaceAt(folder: string): Promise<Pick<DiskSpace, "freeBytes" | "sizeBytes"> | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  } catch (error) {
    const above = path.dirname(folder);
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT" && above !== folder;
    return isMissing ? await spaceAt(above) : null;
  }
}
