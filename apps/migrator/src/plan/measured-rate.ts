// Measures how fast the copy goes, for the next plan on the same target.

import { saveStageRate } from "@forklift/archive";
import type { RunEnvironment } from "@forklift/console";
import type { Session } from "@forklift/postgres";
import { copyBlocks } from "../stages/copy-blocks.ts";

/** Fewer blocks than this measure the start of a run, not its pace. */
const BLOCKS_MIN = 100n;

export interface RateWatch {
  readonly environment: RunEnvironment;
  /** Keeps what was measured; nothing when the copy did not come far enough. */
  save(target: Session): Promise<void>;
}

interface Moment {
  /** Blocks. */
  readonly done: bigint;
  readonly ms: number;
}

/** The first batch starts the clock: what was done before it is not its work. */
export function watchRate(environment: RunEnvironment): RateWatch {
  let first: Moment | null = null;
  let last: Moment | null = null;
  return {
    environment: {
      ...environment,
      onStageProgressed(event) {
        environment.onStageProgressed?.(event);
        if (event.stage !== copyBlocks.id) return;
        const moment = { done: event.done, ms: environment.now() };
        first ??= moment;
        last = moment;
      },
    },
    async save(target) {
      if (first === null || last === null) return;
      const [from, to]: [Moment, Moment] = [first, last];
      if (to.done - from.done < BLOCKS_MIN) return;
      const units = Number(to.done - from.done);
      await saveStageRate(target, copyBlocks.id, { units, elapsedMs: to.ms - from.ms });
    },
  };
}
