// A run in the log: one line per event, with stable keys.

import type { Observer } from "@forklift/pipeline";
import { rateMeter } from "../text/rate.ts";
import type { Log } from "./log.ts";

/** A line of progress is written at most this often. */
const PROGRESS_INTERVAL_MS = 10_000;

export function logObserver(log: Log, now: () => number): Observer {
  let step = "";
  let rateOf = rateMeter(now);
  let toldMs = now();
  return {
    stageStarted({ stage, index, count }) {
      step = `${index}/${count} ${stage}`;
      rateOf = rateMeter(now);
      toldMs = now();
      log.info({ stage }, step);
    },
    stagePlanned({ stage, plan }) {
      log.debug({ stage, plan: plainData(plan) }, `${step} planned`);
    },
    stageProgressed({ stage, done, total, unit }) {
      const rate = rateOf({ done, total, unit });
      const isDue = now() - toldMs >= PROGRESS_INTERVAL_MS;
      if (isDue) toldMs = now();
      const event = { stage, done: String(done), total: total && String(total), unit, ...rate };
      log[isDue ? "info" : "debug"](event, step);
    },
    stageEnded({ stage, skipped, rowCount, checks, elapsedMs }) {
      if (skipped === undefined) {
        log.info({ stage, rowCount, checks: checks.length, elapsedMs }, `${step} done`);
      } else log.info({ stage, elapsedMs }, `${step} skipped: ${skipped}`);
    },
  };
}

/** Plans may hold bigints, which JSON has no form for. */
function plainData(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner)),
  );
}
