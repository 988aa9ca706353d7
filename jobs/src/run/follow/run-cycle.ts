// One cycle of `follow`: all that the source has gained is copied, replayed and verified, in one picture of it.

import { readTargetTip } from "@forklift/archive";
import { jsonNumber } from "@forklift/chain";
import { openContext, runInTarget } from "@forklift/context";
import type { StageReport } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { KeptTail, PendingReport } from "@forklift/replayer";
import { MS_PER_SECOND } from "@forklift/system";
import {
  type FollowContext,
  type Followed,
  openFollowContext,
  type SourceLimits,
} from "../../context/follow-context.ts";
import type { JobEnvironment } from "../../observe/job-environment.ts";
import { cycle } from "../recipes/follow.ts";
import { followedSource, type Picture, type SourceLoadReport } from "./followed-source.ts";
import { keepNewestCheckpoints } from "./newest-checkpoints.ts";

export interface CycleReport {
  readonly height: number;
  readonly stateHash: string;
  /** Blocks of the source's chain, at the end of the cycle, above the target. */
  readonly lagBlocks: number;
  /** The age of the picture that the target now holds. */
  readonly lagSeconds: number;
  /** When that picture was taken. */
  readonly seen: Date;
  /** The pending blocks above the target in that picture. */
  readonly pending: PendingReport;
  /** As that picture says it. */
  readonly beside: Picture["beside"];
  /** None when the source had gained nothing. */
  readonly stages: readonly StageReport[];
  /** Null where no archive was asked. */
  readonly source: SourceLoadReport | null;
  readonly elapsedMs: number;
}

export interface CycleOptions {
  readonly limits: SourceLimits;
  /** Where the last cycle of this process has left the target; null before the first. */
  readonly last: Pick<CycleReport, "stateHash" | "beside"> | null;
  /** Of this process: what it knows of the pending blocks is not replayed again. */
  readonly tail: KeptTail;
  /** Called when the target is verified and nothing is written; null publishes nothing. */
  readonly publish: ((context: FollowContext) => Promise<void>) | null;
}

export async function runCycle(
  followed: Followed,
  { limits, last, tail, publish }: CycleOptions,
  environment: JobEnvironment,
): Promise<CycleReport> {
  const { now, date, signal } = environment;
  const startedMs = now();
  await using opened = openContext(environment);
  const context = await openFollowContext(opened, followed, { limits, signal, now });
  const { target, network, history } = context;
  const source = followedSource(context);
  const outcome = await source.inPicture(async (picture) => {
    const seen = date();
    // Pending blocks come without a canonical one.
    const isIdle = history !== "all" && last !== null && (await standsAt(target, picture, last));
    const reports = isIdle ? [] : await runInTarget(...whatToRun(context, picture), environment);
    const tip = (await readTargetTip(target))!;
    const pending = await source.provePending(tail, tip);
    return { seen, beside: picture.beside, stages: reports, tip, pending };
  });
  const { seen, tip, beside, stages, pending } = outcome;
  if (stages.length > 0) await keepNewestCheckpoints(followed.shared.checkpoints, network.name);
  await publish?.(context);
  const lagBlocks = await source.blocksAbove(tip);
  const elapsedMs = Math.round(now() - startedMs);
  return {
    height: jsonNumber(tip.height),
    stateHash: tip.stateHash,
    lagBlocks,
    lagSeconds: Math.max(0, date().getTime() - seen.getTime()) / MS_PER_SECOND,
    seen,
    pending,
    beside,
    stages,
    source: source.load(elapsedMs),
    elapsedMs,
  };
}

/** The stages, and the context that they run in. */
function whatToRun(
  context: FollowContext,
  { end: { height, stateHash } }: Picture,
): [ReturnType<typeof cycle>, FollowContext] {
  const { source, history } = context;
  if (source !== null) return [cycle({ history, isFromBlocks: false }), context];
  // Else each stage would look for the end once more.
  const stop = { forkStateHash: stateHash, stopAtHeight: height };
  return [cycle({ history, isFromBlocks: true }), { ...context, stop }];
}

async function standsAt(
  target: Session,
  { end, beside }: Picture,
  last: NonNullable<CycleOptions["last"]>,
): Promise<boolean> {
  if (last.stateHash !== end.stateHash || last.beside !== beside) return false;
  return (await readTargetTip(target))?.stateHash === end.stateHash;
}
