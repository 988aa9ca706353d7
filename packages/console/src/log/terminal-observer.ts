// A run on a terminal: a line for each stage that has ended, and below them one that moves.

import type { Observer, Progress } from "@forklift/pipeline";
import { counted, duration, grouped } from "../text/numbers.ts";
import { type Rate, rateMeter } from "../text/rate.ts";
import type { ProgressLine } from "./progress-line.ts";

/** Faster than the eye is only work for the terminal. */
const REPAINT_INTERVAL_MS = 100;

export function terminalObserver(line: ProgressLine, now: () => number): Observer {
  let step = "";
  let rateOf = rateMeter(now);
  let paintedMs = Number.NEGATIVE_INFINITY;
  return {
    stageStarted({ stage, index, count }) {
      step = `${index}/${count} ${stage}`;
      rateOf = rateMeter(now);
      paintedMs = Number.NEGATIVE_INFINITY;
      line.paint(`${step} …`);
    },
    stagePlanned() {
      // The table at the end says what was done; a plan is for the log.
    },
    stageProgressed({ done, total, unit }) {
      const rate = rateOf({ done, total, unit });
      if (now() - paintedMs < REPAINT_INTERVAL_MS) return;
      paintedMs = now();
      line.paint(`${step}  ${progressText({ done, total, unit }, rate)}`);
    },
    stageEnded({ skipped, rowCount, elapsedMs }) {
      const result = skipped === undefined ? counted(rowCount, "row") : `nothing to do: ${skipped}`;
      line.finish(`${step}  ${result}  ${duration(elapsedMs)}`);
    },
  };
}

function progressText({ done, total, unit }: Progress, { perSecond, leftMs }: Rate): string {
  const amount = total === null ? grouped(done) : `${grouped(done)}/${grouped(total)}`;
  // The first amount alone gives no rate.
  const rate = perSecond === 0 ? "" : `  ${grouped(perSecond)}/s`;
  const eta = leftMs === null ? "" : `  ETA ${duration(leftMs)}`;
  return `${amount} ${unit}${rate}${eta}`;
}
