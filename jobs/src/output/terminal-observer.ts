// A run on a terminal: a line for each stage that has ended, and below them one that moves.

import type { Observer, Progress } from "@forklift/pipeline";
import { duration, grouped } from "./numbers.ts";
import { type Rate, rateMeter } from "./rate.ts";

/** Faster than the eye is only work for the terminal. */
const REPAINT_INTERVAL_MS = 100;

const CLEAR_LINE = "\r\u001b[K";

export function terminalObserver(terminal: NodeJS.WritableStream, now: () => number): Observer {
  let step = "";
  let rateOf = rateMeter(now);
  let paintedMs = Number.NEGATIVE_INFINITY;
  return {
    stageStarted({ stage, index, count }) {
      step = `${index}/${count} ${stage}`;
      rateOf = rateMeter(now);
      paintedMs = Number.NEGATIVE_INFINITY;
      terminal.write(`${CLEAR_LINE}${step} …`);
    },
    stagePlanned() {
      // The table at the end says what was done; a plan is for the log.
    },
    stageProgressed({ done, total, unit }) {
      const rate = rateOf({ done, total, unit });
      if (now() - paintedMs < REPAINT_INTERVAL_MS) return;
      paintedMs = now();
      terminal.write(`${CLEAR_LINE}${step}  ${progressText({ done, total, unit }, rate)}`);
    },
    stageEnded({ skipped, rowCount, elapsedMs }) {
      const result =
        skipped === undefined ? `${grouped(rowCount)} rows` : `nothing to do: ${skipped}`;
      terminal.write(`${CLEAR_LINE}${step}  ${result}  ${duration(elapsedMs)}\n`);
    },
  };
}

function progressText({ done, total, unit }: Progress, { perSecond, leftMs }: Rate): string {
  const amount = total === null ? grouped(done) : `${grouped(done)}/${grouped(total)}`;
  const eta = leftMs === null ? "" : `  ETA ${duration(leftMs)}`;
  return `${amount} ${unit}  ${grouped(perSecond)}/s${eta}`;
}
