// The room that a job needs in its work folder, from the size of the source's dump, and a word where the disk has
// less: before the work, not after hours of it.

import { freeSpaceAt, sizeText } from "@forklift/system";
import type { Config } from "../config/schema.ts";
import { bytesIn } from "../work/work-folders.ts";
import type { JobInputs } from "./job-inputs.ts";

/**
 * Times the packed dump of the source, measured on mainnet's first 2,025 blocks and rounded up: the archive
 * restored takes 11.6, the target 7.8; the set's dump 2.0, packed 0.7, and one checkpoint 1.2.
 */
const TIMES_PACKED = { source: 12, target: 8, files: 4 } as const;

/** The server's log, as its settings bound it. */
const LOG_BYTES_MAX = 4 * 2 ** 30;

export type DiskNeed = Readonly<Record<keyof typeof TIMES_PACKED | "log", number>>;

/**
 * Bytes by what they are for; databases on a server of the operator's are not in the folder.
 * @param packedBytes of the source's dump.
 */
export function diskNeeded(
  packedBytes: number,
  { postgres, target }: Pick<Config, "postgres" | "target">,
  isDryRun: boolean,
): DiskNeed {
  const isOwn = postgres.url === undefined;
  const makesTarget = target.database === undefined || isDryRun;
  const source = isOwn ? packedBytes * TIMES_PACKED.source : 0;
  const ofTarget = isOwn && makesTarget ? packedBytes * TIMES_PACKED.target : 0;
  return {
    source,
    target: ofTarget,
    log: Math.min(source + ofTarget, LOG_BYTES_MAX),
    files: packedBytes * TIMES_PACKED.files,
  };
}

/** Null when there is room. */
export function tooLittleRoom(
  need: DiskNeed,
  { folder, freeBytes }: { readonly folder: string; readonly freeBytes: number },
): string | null {
  const bytes = Object.values(need).reduce((sum, part) => sum + part, 0);
  if (bytes <= freeBytes) return null;
  const parts = Object.entries(need).flatMap(([what, part]) =>
    part === 0 ? [] : [`${what} ${sizeText(part)}`],
  );
  return (
    `${folder} has ${sizeText(freeBytes)} free, and this job may need ${sizeText(bytes)} there ` +
    `(${parts.join(", ")}): make room, or name another place by work.dir or a server by postgres.url`
  );
}

/** What an interrupted run has already taken counts as free. */
export async function warnOfLittleRoom(
  folder: string,
  config: Pick<Config, "postgres" | "target">,
  { sourceDump, isDryRun }: Pick<JobInputs, "sourceDump" | "isDryRun">,
  warn: (message: string) => void,
): Promise<void> {
  if (sourceDump === null) return;
  const space = await freeSpaceAt(folder);
  if (space === null) return;
  const need = diskNeeded(Number(sourceDump.bytes), config, isDryRun);
  const freeBytes = space.freeBytes + Number(await bytesIn(folder));
  const warning = tooLittleRoom(need, { folder, freeBytes });
  if (warning !== null) warn(warning);
}
