// How much room is left where forklift writes.

import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../config/schema.ts";

export interface DiskSpace {
  readonly place: "work" | "cache" | "store";
  readonly path: string;
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** Of places on this machine; one that cannot be asked is left out. */
export async function readDiskSpace(
  config: Pick<Config, "cache" | "target">,
): Promise<DiskSpace[]> {
  const { cache, target } = config;
  const places: readonly [DiskSpace["place"], string | null][] = [
    ["work", tmpdir()],
    ["cache", cache === undefined ? null : localPath(cache.dir)],
    ["store", localPath(target.store)],
  ];
  const found: DiskSpace[] = [];
  for (const [place, folder] of places) {
    const space = folder === null ? null : await spaceAt(folder);
    if (space !== null) found.push({ place, path: folder!, ...space });
  }
  return found;
}

/** Null for what lies elsewhere. */
function localPath(urlOrPath: string): string | null {
  if (!urlOrPath.includes("://")) return path.resolve(urlOrPath);
  return urlOrPath.startsWith("file://") ? fileURLToPath(urlOrPath) : null;
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
