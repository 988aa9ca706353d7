// What `follow` follows, as one cycle sees it: an archive in one picture, or block files as they were listed once.

import {
  countOrphaned,
  highestCanonical,
  identifySchema,
  readSourceHeights,
  readTargetTip,
  type TargetBlock,
} from "@forklift/archive";
import { type BlockRef, type History, jsonNumber, least } from "@forklift/chain";
import { endOfFiles, withoutEnd } from "@forklift/migrator";
import type { Network } from "@forklift/network";
import { TryAgainError, throwIfStopped } from "@forklift/pipeline";
import { type Session, sharedSnapshot } from "@forklift/postgres";
import type { KeptTail, PendingReport } from "@forklift/replayer";
import { MS_PER_SECOND } from "@forklift/system";
import type { FollowContext } from "../../context/follow-context.ts";

/** How far the source has come, when it was looked at. */
export interface Picture {
  /** What a migration without a stop point ends with. */
  readonly end: BlockRef;
  /** Something comes beside the chain when this changes; null where nobody asked. */
  readonly beside: string | null;
}

/** What the cycle asked of an archive, on both sessions together. */
export interface SourceLoadReport {
  readonly statements: number;
  readonly rows: number;
  readonly statementsPerSecond: number;
  readonly rowsPerSecond: number;
}

export interface FollowedSource {
  /** Does the work while the source stays for it as it is now. */
  inPicture<Result>(work: (picture: Picture) => Promise<Result>): Promise<Result>;
  /** Of what nobody has decided on yet, above the tip of the target. */
  provePending(tail: KeptTail, tip: TargetBlock): Promise<PendingReport>;
  /** Blocks of its chain above the tip, as far as is known without another picture. */
  blocksAbove(tip: BlockRef): Promise<number>;
  /** Null where no archive was asked. */
  load(elapsedMs: number): SourceLoadReport | null;
}

export function followedSource(context: FollowContext): FollowedSource {
  const { source, checks } = context;
  return source === null || checks === null
    ? blockFiles(context)
    : archive({ ...context, source, checks });
}

interface ArchiveFollowed extends FollowContext {
  readonly source: Session;
  readonly checks: Session;
}

function archive(context: ArchiveFollowed): FollowedSource {
  const { source, checks, network, history, pauseSource, signal } = context;
  /** Between two reads of pending blocks, as between two of canonical ones. */
  const pause = async () => {
    await pauseSource();
    throwIfStopped(signal, "the replay of the pending blocks");
  };
  return {
    inPicture: (work) =>
      sharedSnapshot([source, checks], async () =>
        work({
          end: await canonicalEnd(source, network),
          beside: await orphanedOf(source, history),
        }),
      ),
    // It still is as it was when the target was verified, so its pending blocks stand on that.
    provePending: (tail, tip) => tail.prove(context, checks, tip, { pause }),
    async blocksAbove(tip) {
      const { highestCanonical: highest } = await readSourceHeights(source);
      if (highest === null) return 0;
      const { lastPreForkBlock } = network;
      return heightsBetween(
        tip.height,
        lastPreForkBlock === null ? highest : least(highest, lastPreForkBlock.height),
      );
    },
    load: (elapsedMs) => loadOf([source, checks], elapsedMs),
  };
}

async function canonicalEnd(source: Session, { lastPreForkBlock }: Network): Promise<BlockRef> {
  const highest = await highestCanonical(source);
  const isBeyond = lastPreForkBlock !== null && highest.height > lastPreForkBlock.height;
  return isBeyond ? lastPreForkBlock : highest;
}

/** An orphan may come late, without a canonical block: of a complete history it is news. */
async function orphanedOf(source: Session, history: History): Promise<string | null> {
  return history === "complete" ? String(await countOrphaned(source)) : null;
}

/** Block files say of no block that it is pending: the chain ends where enough others stand on it. */
function blockFiles({ blocks, network, target, history }: FollowContext): FollowedSource {
  let seenTo: bigint | null = null;
  return {
    async inPicture(work) {
      const end = await endOrStanding();
      seenTo = end.height;
      const beside = history === "complete" ? await filesUpTo(end) : null;
      return await work({ end, beside });
    },
    async provePending(_tail, { height, stateHash }) {
      const none = { differences: [], notProven: [], tips: [], cutAt: null };
      const counts = { blocks: 0, proven: 0, forks: 0, beside: 0, applied: 0 };
      return { height, stateHash, provenTo: height, ...counts, ...none };
    },
    async blocksAbove({ height }) {
      return seenTo === null ? 0 : heightsBetween(height, seenTo);
    },
    load: () => null,
  };

  /** Where the target stands already, while the files show no end above: some may be half written, or gone. */
  async function endOrStanding(): Promise<BlockRef> {
    const end = await endOfFiles({ blocks, network });
    if (end !== null && end === network.lastPreForkBlock) return end;
    const held = (await blocks.places()).canList ? await heldTip(target) : null;
    const higher = held === null || (end !== null && end.height >= held.height) ? end : held;
    if (higher !== null) return higher;
    throw new TryAgainError(withoutEnd(network), {
      hint: "check blocks in the configuration, which must name a folder, a bucket or a bundle",
    });
  }

  /** Whatever they are of: a file more may be an orphan that came late, a longer one an orphan that is whole by now. */
  async function filesUpTo({ height }: BlockRef): Promise<string> {
    const places = await blocks.places();
    const { files, bytes } = places.range(0n, height);
    return [files, bytes, places.withoutHeight().length].join(" ");
  }
}

async function heldTip(target: Session): Promise<BlockRef | null> {
  return (await identifySchema(target)).kind === "berkeley" ? await readTargetTip(target) : null;
}

function heightsBetween(below: bigint, end: bigint): number {
  return end > below ? jsonNumber(end - below) : 0;
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
