// How much of a source is read at once, and how long it is left alone in between: for an archive that
// others use meanwhile.

import { setTimeout as delay } from "node:timers/promises";
import { type BatchLimits, BatchSize } from "@forklift/pipeline";

/** Rows of the source that are read at once: at most 128 commands a block, some 30 MB. */
export const BLOCKS_PER_READ = 250;

/** The first read is a trial, whatever the greatest is. */
const BLOCKS_PER_READ_MIN = 10;

/** Of one read. What an archive node waits for meanwhile is at most that long behind it. */
const READ_TARGET_MS = 500;

export interface SourceLoad {
  /** Blocks of the next read. */
  readonly blocks: number;
  /** Told of what the last read took, in milliseconds: the next one is larger or smaller. */
  adapt(count: number, elapsedMs: number): void;
  /** Between two reads. */
  pause(): Promise<void>;
}

/** The greatest reads, one after the other. */
export const WHOLE_LOAD: SourceLoad = {
  blocks: BLOCKS_PER_READ,
  adapt: () => undefined,
  pause: async () => undefined,
};

export interface LoadLimits {
  /** Blocks of one read at most. */
  readonly blocksMax: number;
  readonly pauseMs: number;
  /** A pause ends with it. */
  readonly signal: AbortSignal;
}

/** Reads that take as long as a source can spare, with a pause after each. */
export function boundedLoad({ blocksMax, pauseMs, signal }: LoadLimits): SourceLoad {
  const limits: BatchLimits = {
    min: Math.min(BLOCKS_PER_READ_MIN, blocksMax),
    max: blocksMax,
    targetMs: READ_TARGET_MS,
  };
  const size = new BatchSize(limits);
  return {
    get blocks() {
      return size.size;
    },
    adapt: (count, elapsedMs) => size.adapt(count, elapsedMs),
    async pause() {
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    },
  };
}
