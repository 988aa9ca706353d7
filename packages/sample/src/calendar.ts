// The times of the sample's blocks: slots, days, and the midnights at which dumps are made.

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import type { SampleOptions } from "./options.ts";
import type { Random } from "./random.ts";

/** Mainnet's own beginning, and its slots of three minutes. */
export const GENESIS_TIMESTAMP = BigInt(Date.UTC(2021, 2, 17));
const SLOT_MS = 180_000n;
const SLOTS_PER_DAY = 480;

/** Even a crowded sample leaves some slots empty. */
const SLOTS_PER_BLOCK_MIN = 1.5;

/** Part of a period that its blocks are spread over; what is left comes before midnight. */
const SPREAD = 0.75;

const SILENCE_SLOTS_MIN = 30;
const SILENCE_SLOTS_SPAN = 60;

/** The blocks between two dumps: a day, or several when there are more blocks than a day holds. */
export interface Period {
  /** The dump holds the blocks up to this height. */
  readonly lastHeight: number;
  /** The first slot after the period. */
  readonly endSlot: number;
}

export function planPeriods({
  blocks,
  days,
}: Pick<SampleOptions, "blocks" | "days">): readonly Period[] {
  const periods: Period[] = [];
  let height = 1;
  let slot = 0;
  for (let period = 1; period <= days; period++) {
    const lastHeight = 1 + Math.floor(((blocks - 1) * period) / days);
    const slots = (lastHeight - height) * SLOTS_PER_BLOCK_MIN;
    slot += Math.ceil(slots / SLOTS_PER_DAY) * SLOTS_PER_DAY;
    height = lastHeight;
    periods.push({ lastHeight, endSlot: slot });
  }
  return periods;
}

export interface Clock {
  /** The slot of the next height; after `silence` many slots stay empty first. */
  next(silence: boolean): GlobalSlotSinceGenesis;
}

export function createClock(random: Random, periods: readonly Period[]): Clock {
  let height = 1;
  let slot = 0;
  let index = 0;
  return {
    next(silence) {
      height += 1;
      if (height > periods[index]!.lastHeight) index += 1;
      const { lastHeight, endSlot } = periods[index]!;
      const before = periods[index - 1] ?? { lastHeight: 1, endSlot: 0 };
      const mean = (SPREAD * (endSlot - before.endSlot)) / (lastHeight - before.lastHeight);
      const gap = silence
        ? SILENCE_SLOTS_MIN + random.below(SILENCE_SLOTS_SPAN)
        : 1 + random.below(Math.max(1, Math.round(2 * mean) - 1));
      const earliest = Math.max(slot + 1, before.endSlot);
      // Every block that is still to come in the period needs a slot, too.
      const latest = endSlot - 1 - (lastHeight - height);
      slot = Math.min(Math.max(slot + gap, earliest), latest);
      return BigInt(slot) as GlobalSlotSinceGenesis;
    },
  };
}

/** Milliseconds since 1970. */
export function timestampOfSlot(slot: bigint): bigint {
  return GENESIS_TIMESTAMP + slot * SLOT_MS;
}

/** The midnight at which a period ends, as dump names write it: "2021-03-18_0000". */
export function dumpStamp({ endSlot }: Period): string {
  const midnight = new Date(Number(timestampOfSlot(BigInt(endSlot))));
  return `${midnight.toISOString().slice(0, 10)}_0000`;
}
