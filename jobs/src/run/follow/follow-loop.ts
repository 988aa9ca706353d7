// The loop of `follow`: cycle after cycle until a signal ends it. What passes is waited out with pauses that
// grow, up to the interval; what does not pass stops the cycles, and the process stays to say why.

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { EXIT, exitCodeOf, firstError } from "@forklift/pipeline";
import { MS_PER_SECOND, waitMsAfter } from "@forklift/system";

export interface FollowLoop {
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  cycle(): Promise<void>;
  /** Told of a failure that passes, before the pause. @param failures in a row. */
  onWait(failure: {
    readonly error: unknown;
    readonly failures: number;
    readonly waitMs: number;
  }): void;
  /** Told once of what stops the cycles for good. */
  onStop(error: unknown): Promise<void>;
}

/** A difference, and wrong data: more cycles would build on them. */
const STOPPING: readonly number[] = [EXIT.verificationFailed, EXIT.sourceData];

/** The first pause is this part of an interval, and a second at most. */
const FIRST_PAUSE_SHARE = 8;

/**
 * Returns when a signal has ended it.
 * @throws what stopped the cycles, once a signal has come; at once what nobody can wait out, such as a
 * configuration that is wrong.
 */
export async function followUntilStopped(loop: FollowLoop): Promise<void> {
  const { intervalMs, signal, now } = loop;
  const limits = {
    retriesMax: Number.POSITIVE_INFINITY,
    retryFirstMs: Math.min(MS_PER_SECOND, intervalMs / FIRST_PAUSE_SHARE),
    // No longer: the target must not lag behind for more than an interval once all is there again.
    retryLastMs: intervalMs,
  };
  let failures = 0;
  while (!signal.aborted) {
    const startedMs = now();
    try {
      await loop.cycle();
      failures = 0;
      await rest(intervalMs - (now() - startedMs), signal);
    } catch (thrown) {
      const error = firstError(thrown);
      const exit = exitCodeOf(error);
      if (exit === EXIT.tryAgain) {
        if (signal.aborted) return;
        failures++;
        const waitMs = waitMsAfter(failures, limits);
        loop.onWait({ error, failures, waitMs });
        await rest(waitMs, signal);
      } else {
        await loop.onStop(error);
        if (STOPPING.includes(exit) && !signal.aborted) await once(signal, "abort");
        throw error;
      }
    }
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined);
}
