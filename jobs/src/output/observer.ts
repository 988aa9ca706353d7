// Tells how a run goes: events to the log and, on a terminal, one line with rate and time left.

import type { Observer, Progress } from "@forklift/pipeline";
import type { Log } from "./log.ts";
import { duration, grouped } from "./numbers.ts";

/** Off a terminal a line of progress is written at most this often, unless one debugs. */
const LOG_INTERVAL_MS = 10_000;

export interface ObserverOptions {
  readonly log: Log;
  /** Where the line of progress is drawn; null when stderr is no terminal. */
  readonly terminal: NodeJS.WritableStream | null;
  readonly now: () => number;
}

interface Running {
  readonly step: string;
  readonly startedMs: number;
  /** What was done already when the stage first told of progress. */
  startedAt: bigint | null;
  loggedMs: number;
}

export function runObserver({ log, terminal, now }: ObserverOptions): Observer {
  let running: Running = { step: "", startedMs: 0, startedAt: null, loggedMs: 0 };
  const clearLine = () => terminal?.write("\r\u001b[K");

  return {
    stageStarted({ stage, index, count }) {
      const startedMs = now();
      const step = `${index}/${count} ${stage}`;
      running = { step, startedMs, startedAt: null, loggedMs: startedMs };
      log.info({ stage }, step);
    },
    stagePlanned({ stage, plan }) {
      log.debug({ stage, plan: plainData(plan) }, "planned");
    },
    stageProgressed({ stage, done, total, unit }) {
      const rate = rateOf(running, { done, total, unit }, now());
      terminal?.write(`\r\u001b[K${running.step}  ${progressText({ done, total, unit }, rate)}`);
      const isDue = terminal === null && now() - running.loggedMs >= LOG_INTERVAL_MS;
      if (isDue) running.loggedMs = now();
      const event = { stage, done: String(done), total: total && String(total), unit, ...rate };
      log[isDue ? "info" : "debug"](event);
    },
    stageEnded({ stage, skipped, rowCount, checks, elapsedMs }) {
      clearLine();
      if (skipped === undefined) {
        log.info({ stage, rowCount, checks: checks.length, elapsedMs }, `${running.step} done`);
      } else log.info({ stage, elapsedMs }, `${running.step} skipped: ${skipped}`);
    },
  };
}

interface Rate {
  readonly perSecond: number;
  readonly leftMs: number | null;
}

function rateOf(running: Running, { done, total }: Progress, nowMs: number): Rate {
  running.startedAt ??= done;
  const seconds = Math.max(nowMs - running.startedMs, 1) / 1000;
  const perSecond = Math.round(Number(done - running.startedAt) / seconds);
  const left = total === null ? null : Number(total - done);
  const leftMs = left === null || perSecond === 0 ? null : Math.round((left / perSecond) * 1000);
  return { perSecond, leftMs };
}

function progressText({ done, total, unit }: Progress, { perSecond, leftMs }: Rate): string {
  const amount = total === null ? grouped(done) : `${grouped(done)}/${grouped(total)}`;
  const eta = leftMs === null ? "" : `  ETA ${duration(leftMs)}`;
  return `${amount} ${unit}  ${grouped(perSecond)}/s${eta}`;
}

/** Plans may hold bigints, which JSON has no form for. */
function plainData(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner)),
  );
}
