// One cycle of `follow`: all that became canonical is copied, replayed and verified, in one picture of the source.

import {
  countOrphaned,
  highestCanonical,
  readSourceHeights,
  readTargetTip,
  type SourceHeights,
} from "@forklift/archive";
import { type BlockRef, type History, jsonNumber, least } from "@forklift/chain";
import { openContext, runInTarget } from "@forklift/context";
import type { Network } from "@forklift/network";
import { type StageReport, throwIfStopped } from "@forklift/pipeline";
import { type Session, sharedSnapshot } from "@forklift/postgres";
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
import { keepNewestCheckpoints } from "./newest-checkpoints.ts";

/** What the cycle asked of the source, on both sessions together. */
export interface SourceLoadReport {
  readonly statements: number;
  readonly rows: number;
  readonly statementsPerSecond: number;
  readonly rowsPerSecond: number;
}

export interface CycleReport {
  readonly height: number;
  readonly stateHash: string;
  /** Canonical blocks of the source, at the end of the cycle, above the target. */
  readonly lagBlocks: number;
  /** The age of the picture that the target now holds. */
  readonly lagSeconds: number;
  /** When that picture was taken. */
  readonly seen: Date;
  /** The pending blocks above the target in that picture. */
  readonly pending: PendingReport;
  /** Of that picture, where they are migrated; null where nobody asked. */
  readonly orphaned: number | null;
  /** None when the source had gained nothing. */
  readonly stages: readonly StageReport[];
  readonly source: SourceLoadReport;
  readonly elapsedMs: number;
}

export interface CycleOptions {
  readonly limits: SourceLimits;
  /** Where the last cycle of this process has left the target; null before the first. */
  readonly last: Pick<CycleReport, "stateHash" | "orphaned"> | null;
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
  const { source, checks, target, network } = context;
  const outcome = await sharedSnapshot([source, checks], async () => {
    const picture = {
      seen: date(),
      canonical: await canonicalEnd(source, network),
      orphaned: await orphanedOf(source, context.history),
    };
    // Pending blocks come without a canonical one.
    const isIdle =
      context.history !== "all" && last !== null && (await standsAt(target, picture, last));
    const reports = isIdle ? [] : await runInTarget(cycle(context.history), context, environment);
    const end = (await readTargetTip(target))!;
    // The source still is as it was when the target was verified, so its pending blocks stand on that.
    const proven = await tail.prove(context, checks, end, { pause: pauseOf(context, signal) });
    return { ...picture, stages: reports, tip: end, pending: proven };
  });
  const { seen, tip, orphaned, stages, pending } = outcome;
  if (stages.length > 0) await keepNewestCheckpoints(followed.shared.checkpoints, network.name);
  await publish?.(context);
  const heights = await readSourceHeights(source);
  const elapsedMs = Math.round(now() - startedMs);
  return {
    height: jsonNumber(tip.height),
    stateHash: tip.stateHash,
    lagBlocks: lagOf(heights, tip, network),
    lagSeconds: Math.max(0, date().getTime() - seen.getTime()) / MS_PER_SECOND,
    seen,
    pending,
    orphaned,
    stages,
    source: loadOf([source, checks], elapsedMs),
    elapsedMs,
  };
}

/** What a migration without a stop point ends with. */
async function canonicalEnd(source: Session, { lastPreForkBlock }: Network): Promise<BlockRef> {
  const highest = await highestCanonical(source);
  const isBeyond = lastPreForkBlock !== null && highest.height > lastPreForkBlock.height;
  return isBeyond ? lastPreForkBlock : highest;
}

/** Between two reads of pending blocks, as between two of canonical ones. */
function pauseOf({ pauseSource }: FollowContext, signal: AbortSignal): () => Promise<void> {
  return async () => {
    await pauseSource();
    throwIfStopped(signal, "the replay of the pending blocks");
  };
}

/** An orphan may come late, without a canonical block: of a complete history it is news. */
async function orphanedOf(source: Session, history: History): Promise<number | null> {
  return history === "complete" ? await countOrphaned(source) : null;
}

interface Picture {
  readonly canonical: BlockRef;
  readonly orphaned: number | null;
}

async function standsAt(
  target: Session,
  { canonical, orphaned }: Picture,
  last: NonNullable<CycleOptions["last"]>,
): Promise<boolean> {
  if (last.stateHash !== canonical.stateHash || last.orphaned !== orphaned) return false;
  return (await readTargetTip(target))?.stateHash === canonical.stateHash;
}

function lagOf(
  { highestCanonical: highest }: SourceHeights,
  tip: BlockRef,
  { lastPreForkBlock }: Network,
): number {
  if (highest === null) return 0;
  const end = lastPreForkBlock === null ? highest : least(highest, lastPreForkBlock.height);
  return end > tip.height ? jsonNumber(end - tip.height) : 0;
}

function loadOf(sessions: readonly Session[], elapsedMs: number): SourceLoadReport {
  const statements = sessions.reduce((sum, { traffic }) => sum + traffic.statements, 0);
  const rows = sessions.reduce((sum, { traffic }) => sum + traffic.rows, 0);
  const perSecond = (count: number) => Math.round((count * MS_PER_SECOND) / Math.max(elapsedMs, 1));
  return {
    ...{ statements, rows },
    statementsPerSecond: perSecond(statements),
    rowsPerSecond: perSecond(rows),
  };
}
