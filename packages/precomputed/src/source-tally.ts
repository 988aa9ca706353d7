// Counts what each block source gave and did not give, as a report prints it.

import type { RefusalKind } from "./verify/refusal.ts";

/** Plain data; its field names stand in reports. */
export interface SourceStatistics {
  readonly url: string;
  /** Blocks that were verified and used. */
  readonly found: number;
  /** Blocks of which it held the same commands as the file that was used, or as most of too few that agreed. */
  readonly agreed: number;
  /** Blocks of which it held other commands. */
  readonly differed: number;
  /** Blocks that it has no file for, under whatever name. */
  readonly missing: number;
  /** Could not be reached, or answered 429 or 5xx to the end. */
  readonly unavailable: number;
  /** Denied access, or was not there. */
  readonly unusable: number;
  /** Files that ended too early. */
  readonly truncated: number;
  /** Files that were whole and were not the block. */
  readonly wrong: number;
  /** Number of retries. */
  readonly retries: number;
  /** Of files that were read, right or wrong. */
  readonly bytes: number;
  /** In which at least one file of this source was on its way. */
  readonly seconds: number;
}

export interface SourceTally {
  found(): void;
  agreed(): void;
  differed(): void;
  refused(kind: RefusalKind): void;
  /** Times `read`, and counts its bytes. */
  reading(read: () => Promise<Uint8Array | null>): Promise<Uint8Array | null>;
  statistics(): SourceStatistics;
}

interface TallyParts {
  readonly retries: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

export function sourceTally(url: string, { retries, now }: TallyParts): SourceTally {
  const settled = { found: 0, agreed: 0, differed: 0 };
  const counts = { missing: 0, unavailable: 0, unusable: 0, truncated: 0, wrong: 0 };
  let bytes = 0;
  let busyMs = 0;
  let startedMs = 0;
  let underWay = 0;
  return {
    found: () => void settled.found++,
    agreed: () => void settled.agreed++,
    differed: () => void settled.differed++,
    refused: (kind) => void counts[kind]++,
    async reading(read) {
      if (underWay++ === 0) startedMs = now();
      try {
        const file = await read();
        bytes += file?.byteLength ?? 0;
        return file;
      } finally {
        if (--underWay === 0) busyMs += now() - startedMs;
      }
    },
    statistics() {
      const runningMs = underWay === 0 ? 0 : now() - startedMs;
      const seconds = Math.round(busyMs + runningMs) / 1000;
      return { url, ...settled, ...counts, retries: retries(), bytes, seconds };
    },
  };
}
