// `follow`: a target that follows a living source, cycle by cycle, until a signal ends it. It reports how far it
// is behind, and publishes on a schedule of its own.

import { openContext } from "@forklift/context";
import { exitCodeOf, nextStepOf } from "@forklift/pipeline";
import { KeptTail } from "@forklift/replayer";
import type { PendingState } from "@forklift/sets";
import { MS_PER_SECOND } from "@forklift/system";
import type { FollowConfig } from "../../context/follow-config.ts";
import { type Followed, openFollowed, type SourceLimits } from "../../context/follow-context.ts";
import type { JobEnvironment } from "../../observe/job-environment.ts";
import {
  setCycleMetrics,
  setFailureMetrics,
  setStoppedMetrics,
} from "../../observe/metrics/follow-metrics.ts";
import type { RunWatch } from "../../observe/run-recorder.ts";
import { followUntilStopped } from "./follow-loop.ts";
import { PendingNews, pendingState } from "./pending-news.ts";
import type { Publisher } from "./publisher.ts";
import { type CycleReport, runCycle } from "./run-cycle.ts";

export interface FollowOptions extends SourceLimits {
  readonly intervalMs: number;
}

/** What came of it when a signal has ended it, as plain data. */
export interface FollowSummary {
  readonly cycles: number;
  /** Cycles that failed in passing and were waited out. */
  readonly waits: number;
  readonly published: number;
  /** Of the last good cycle; null when there was none. */
  readonly last:
    | (Omit<CycleReport, "seen" | "stages" | "beside" | "pending"> & {
        readonly pending: PendingState;
      })
    | null;
}

export interface FollowRun {
  readonly config: FollowConfig;
  readonly options: FollowOptions;
  /** Null keeps no record: there is no store. */
  readonly watch: RunWatch | null;
  /** Null publishes nothing. */
  readonly publisher: Publisher | null;
}

/** @throws what stopped it, when a signal has ended it; at once what nobody can wait out. */
export async function runFollow(
  { config, options, watch, publisher }: FollowRun,
  given: JobEnvironment,
): Promise<FollowSummary> {
  const environment = watch?.environment ?? given;
  const { log, signal, now, date, monitor } = environment;
  const { intervalMs, ...limits } = options;
  await using opened = openContext(environment);
  await using tail = new KeptTail();
  const news = new PendingNews(log);
  let followed: Followed | null = null;
  let last: CycleReport | null = null;
  let cycles = 0;
  let waits = 0;

  async function cycle(): Promise<void> {
    // Not before: what it reads may be away, too.
    followed ??= await openFollowed(opened, config, environment);
    const publish = publisher === null ? null : publisher.publishIfDue(followed, environment);
    last = await runCycle(followed, { limits, last, tail, publish }, environment);
    cycles++;
    monitor?.ready();
    if (monitor !== undefined) setCycleMetrics(monitor.metrics, followed.network.name, last);
    const { height, stateHash, lagBlocks, lagSeconds, seen } = last;
    const pending = pendingState(last.pending);
    const stands = { height, stateHash, lagBlocks, lagSeconds, pending };
    watch?.cycled({ ...stands, at: seen.toISOString(), cycles });
    news.tell(last.pending);
    const { elapsedMs, source, stages } = last;
    log.info(
      { height, lagBlocks, lagSeconds, pending, elapsedMs, source },
      stages.length === 0 ? "the source has gained nothing" : "the target has caught up",
    );
  }

  await followUntilStopped({
    ...{ intervalMs, signal, now, cycle },
    onWait({ error, failures, waitMs }) {
      waits++;
      const { message } = error as Error;
      log.warn({ failures, waitMs, hint: nextStepOf(error) }, `waiting, since ${message}`);
      monitor?.unready(`waiting: ${message}`);
      const lagSeconds =
        last === null ? null : (date().getTime() - last.seen.getTime()) / MS_PER_SECOND;
      if (monitor !== undefined && followed !== null) {
        setFailureMetrics(monitor.metrics, followed.network.name, { failures, lagSeconds });
      }
    },
    async onStop(error) {
      const { message } = error as Error;
      log.error({ exit: exitCodeOf(error), hint: nextStepOf(error) }, `stopped: ${message}`);
      monitor?.unready(`stopped: ${message}`);
      if (monitor !== undefined && followed !== null) {
        setStoppedMetrics(monitor.metrics, followed.network.name);
      }
      await watch?.failed(error);
    },
  });
  return { cycles, waits, published: publisher?.published() ?? 0, last: shown(last) };
}

function shown(last: CycleReport | null): FollowSummary["last"] {
  if (last === null) return null;
  const { seen: _seen, stages: _stages, beside: _beside, pending, ...report } = last;
  return { ...report, pending: pendingState(pending) };
}
