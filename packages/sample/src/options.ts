// What a sample network is made from: the seed, and how much of everything.

import { UsageError } from "@forklift/pipeline";

export interface SampleOptions {
  /** The height of the tip. */
  readonly blocks: number;
  /** Nightly dumps; the last one holds every block. */
  readonly days: number;
  /** Same seed, same bytes. */
  readonly seed: number;
  /** Blocks this far below the tip, or farther, are canonical or orphaned; those above, pending. */
  readonly finality: number;
  /** Of the genesis ledger, without the winner of the genesis block. */
  readonly accounts: number;
  /** On average. */
  readonly commandsPerBlock: number;
}

export const SAMPLE_DEFAULTS: SampleOptions = {
  blocks: 400,
  days: 3,
  seed: 1,
  finality: 20,
  accounts: 200,
  commandsPerBlock: 5,
};

const LIMITS: Readonly<Record<keyof SampleOptions, readonly [min: number, max: number]>> = {
  blocks: [2, 1_000_000],
  days: [1, 1_000],
  seed: [0, Number.MAX_SAFE_INTEGER],
  // Deeper than the deepest fork, so that what a dump calls canonical stays so.
  finality: [3, 1_000_000],
  // Enough for producers, provers and accounts of every kind.
  accounts: [30, 250_000],
  commandsPerBlock: [0, 100],
};

/** @throws UsageError naming the option, its value and its limits. */
export function checkOptions(options: SampleOptions): void {
  for (const [name, [min, max]] of Object.entries(LIMITS)) {
    const value = options[name as keyof SampleOptions];
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new UsageError(`--${optionName(name)} is ${value}, expected ${min} to ${max}`, {
        hint: `give --${optionName(name)} a whole number from ${min} to ${max}`,
      });
    }
  }
  if (options.days >= options.blocks) {
    throw new UsageError(
      `--days is ${options.days} for ${options.blocks} blocks, expected fewer than blocks`,
      { hint: "give fewer --days or more --blocks: every day needs a block above genesis" },
    );
  }
}

/** `commandsPerBlock` → `commands-per-block`. */
function optionName(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}
