// Measures how fast the walk and the copy go, for the next plan on the same target.

import { saveStageRate } from "@forklift/archive";
import type { RunEnvironment } from "@forklift/console";
import type { Session } from "@forklift/postgres";
import { PICK_STAGE } from "../origin/picked-chain.ts";
import { copyBlocks } from "../stages/copy-blocks.ts";

/** Fewer blocks than this measure the start of a run, not its pace. */
const BLOCKS_MIN = 100n;

/** Those that go through the chain. */
const MEASURED: readonly string[] = [PICK_STAGE, copyBlocks.id];

export interface RateWatch {
  readonly environment: RunEnvironment;
  /** Keeps what was measured; nothing of a stage that did not come far enough. */
  save(target: Session): Promise<void>;
}

interface Moment {
  /** Blocks. */
  readonly done: bigint;
  readonly ms: number;
}

/** The first batch starts the clock: what was done before it is not its work. */
export function watchRate(environment: RunEnvironment): RateWatch {
  const spans = new Map<string, { readonly from: Moment; to: Moment }>();
  return {
    environment: {
      ...environment,
      onStageProgressed(event) {
        environment.onStageProgressed?.(event);
        if (!MEASURED.includes(event.stage)) return;
        const moment = { done: event.done, ms: environment.now() };
        const span = spans.get(event.stage);
        if (span === undefined) spans.set(event.stage, { from: moment, to: moment });
        else span.to = moment;
      },
    },
    async save(target) {
      for (const [stage, { from, to }] of spans) {
        if (to.done - from.done < BLOCKS_MIN) continue;
        const units = Number(to.done - from.done);
        await saveStageRate(target, stage, { units, elapsedMs: to.ms - from.ms });
      }
    },
  };
}
