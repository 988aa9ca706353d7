// The plan of a migration as plain data: what `forklift migrate --plan` prints. Nothing is written.

import {
  auditDocument,
  chainBlocks,
  countBranchBlocks,
  readStageRate,
  requireDatabaseCreatable,
  type SourceChain,
} from "@forklift/archive";
import { type BlockRef, type History, jsonNumber } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { readServerSettings, type ServerSettings, settingWarnings } from "@forklift/postgres";
import { dateText, MS_PER_SECOND } from "@forklift/system";
import { adoptableBlocks } from "../branches/changed-statuses.ts";
import { NO_BRANCHES, planBranches } from "../branches/planned-branches.ts";
import type { ArchiveContext } from "../context.ts";
import { chosenBranches } from "../preflight/chosen-branches.ts";
import {
  BLOCK_FILE_BYTES,
  COPY_BLOCKS_PER_SECOND,
  estimatedBytes,
  RATE_ORIGIN,
} from "../preflight/estimates.ts";
import {
  type InspectedContext,
  type Inspection,
  inspect,
  type TargetState,
} from "../preflight/inspect.ts";
import { copyBlocks } from "../stages/copy-blocks.ts";
import { type BlocksPlan, planBlocks, type SourceProbe } from "./plan-blocks.ts";
import { planWalk, type UnseenPlace, type WalkPlan } from "./plan-walk.ts";
import { countTargetRows, rowsKnownBefore, type TableRows } from "./target-rows.ts";

/** Its field names are a contract: `--json` prints exactly this. */
export interface MigrationPlan {
  readonly network: string;
  /** Without a URL: the rows come from block files. */
  readonly source: { readonly url: string | null; readonly tip: Place };
  readonly target: {
    readonly url: string;
    readonly state: TargetState;
    readonly tip: Place | null;
  };
  /** The heights to copy; null when the target stands at the tip already. */
  readonly range: { readonly from: number; readonly to: number; readonly blocks: number } | null;
  /** Blocks of the range that the source holds as pending. */
  readonly pendingBlocks: number;
  readonly history: History;
  /** Beside the chain: what would be copied, what has become canonical, what stands on nothing migrated. */
  readonly branchBlocks: {
    readonly toCopy: number;
    readonly toAdopt: number;
    readonly leftOut: number;
  };
  readonly rows: readonly TableRows[];
  readonly precomputed: BlocksPlan;
  /** How the chain is picked from block files; null where a source tells which it is. */
  readonly walk: WalkPlan | null;
  readonly bytes: {
    /** Of the block files. */
    readonly blockFiles: number;
    /** By which the target grows. */
    readonly target: number;
  };
  readonly time: {
    readonly ms: number;
    readonly blocksPerSecond: number;
    /** Where the rate comes from. */
    readonly measured: string;
  };
  readonly servers: readonly ServerSettings[];
  readonly warnings: readonly string[];
  readonly audit: ReturnType<typeof auditDocument>;
  /** Missing from the source or from every source of precomputed blocks. */
  readonly filesToFetch: readonly string[];
}

interface Place {
  readonly height: number;
  readonly stateHash: string;
}

export interface PlannedContext extends InspectedContext {
  /** Of the sources of precomputed blocks, in the order in which they are read; of a run with an archive. */
  readonly probes: readonly SourceProbe[];
  /** Places of a run without one that the plan does not look into. */
  readonly unseen: readonly UnseenPlace[];
  readonly now: () => number;
  /** The target's URL without its password; there may be no session on it. */
  readonly targetUrl: string;
  /** Any database of the target's server. */
  readonly targetServer: Session;
}

/** The plan, and what it was made from, for a caller that refuses a source with gaps. */
export async function planMigration(
  context: PlannedContext,
): Promise<{ readonly plan: MigrationPlan; readonly inspection: Inspection }> {
  const inspection = await inspect(context);
  const { range, targetState, audit } = inspection;
  const servers = [...inspection.servers];
  if (context.target === null) {
    await requireDatabaseCreatable(context.targetServer, context.targetUrl);
    const server = await readServerSettings(context.targetServer, "target");
    servers.push({ ...server, databaseBytes: null });
  }
  const { chain, targetTip } = range;
  const { source } = context;
  const planned =
    source === null
      ? await planFromFiles(context, inspection)
      : await planFromArchive({ ...context, source }, inspection);
  const { above, blocks, copied } = planned;
  const bytes = {
    blockFiles: planned.walk?.bytes ?? fileBytes(planned.precomputed),
    target: estimatedBytes(servers, { blockCount: copied, height: Number(chain.tip.height) }),
  };
  const document = auditDocument(audit);
  const { genesisNote } = inspection;
  const plan: MigrationPlan = {
    network: context.network.name,
    source: { url: source === null ? null : source.maskedUrl, tip: placeOf(chain.tip) },
    target: {
      url: context.targetUrl,
      state: targetState,
      tip: targetTip && placeOf(targetTip),
    },
    range:
      blocks === 0
        ? null
        : { from: jsonNumber(above + 1n), to: jsonNumber(chain.tip.height), blocks },
    pendingBlocks: chain.tail.filter(({ height }) => height > above).length,
    history: context.history ?? "canonical",
    branchBlocks: planned.branchBlocks,
    rows: planned.rows,
    precomputed: planned.precomputed,
    walk: planned.walk,
    bytes,
    time: await timeOf(context, targetState, copied),
    servers,
    warnings: [
      ...(genesisNote === null ? [] : [genesisNote]),
      ...servers.flatMap((server) => settingWarnings(server, { bytes: bytes.target })),
    ],
    audit: document,
    filesToFetch: [...new Set([...document.filesToFetch, ...planned.precomputed.missing])],
  };
  return { plan, inspection };
}

/** What the two origins are planned by. */
interface OriginPlan extends Pick<MigrationPlan, "branchBlocks" | "rows" | "precomputed" | "walk"> {
  /** Blocks of the chain up to this height need not be copied. */
  readonly above: bigint;
  /** Of the chain above it, and with those beside the chain. */
  readonly blocks: number;
  readonly copied: number;
}

async function planFromArchive(
  context: PlannedContext & Pick<ArchiveContext, "source">,
  { range: { chain, targetTip }, targetState }: Inspection,
): Promise<OriginPlan> {
  const branches = chosenBranches(context, chain);
  const archive = targetState === "archive" ? context.target : null;
  const planned =
    branches === null ? NO_BRANCHES : await planBranches({ ...context, target: archive }, branches);
  // Blocks that were beside the chain, and are of it now, are not written again.
  const adopted =
    branches === null || archive === null || targetTip === null
      ? []
      : await adoptableBlocks({ ...context, target: archive }, chain, targetTip);
  const above = adopted.at(-1)?.height ?? targetTip?.height ?? 0n;
  const needed = await neededBlocks(context, { chain, above, branches: planned.absent });
  const blocks = blocksAbove(above, chain);
  return {
    above,
    blocks,
    copied: blocks + planned.absent.length,
    branchBlocks: {
      toCopy: planned.absent.length,
      toAdopt: adopted.length,
      leftOut: planned.leftOut.length,
    },
    rows: await countTargetRows(context, { chain, above, targetState, branches, planned }),
    precomputed: await planBlocks(needed, context.probes, context.network.name),
    walk: null,
  };
}

/** How many rows the commands take, only their files say. */
async function planFromFiles(
  context: PlannedContext,
  { range: { chain, targetTip }, targetState }: Inspection,
): Promise<OriginPlan> {
  const above = targetTip?.height ?? 0n;
  const blocks = blocksAbove(above, chain);
  const archive = targetState === "archive" ? context.target : null;
  const walk = await planWalk(
    { ...context, target: archive },
    { tip: chain.tip, above: targetTip },
  );
  const isComplete = context.history === "complete";
  const held = archive === null ? 0 : (await countBranchBlocks(archive)).orphaned;
  return {
    above,
    blocks,
    copied: blocks,
    branchBlocks: { toCopy: isComplete ? walk.filesBeside - held : 0, toAdopt: 0, leftOut: 0 },
    rows: await rowsKnownBefore(context, { targetState, blocks }),
    precomputed: {
      neededCount: walk.blocks,
      places: [],
      missingCount: walk.heightsWithoutFile,
      isExact: walk.heightsWithoutFile !== null,
      missing: [],
    },
    walk,
  };
}

function blocksAbove(above: bigint, { tip }: SourceChain): number {
  return Number(tip.height > above ? tip.height - above : 0n);
}

/** No public bucket holds height 1, and none is needed: the preset has its protocol state. */
const LOWEST_FILE_HEIGHT = 2n;

interface Needed {
  readonly chain: SourceChain;
  readonly above: bigint;
  readonly branches: readonly BlockRef[];
}

async function neededBlocks(
  { source }: Pick<ArchiveContext, "source">,
  { chain, above, branches }: Needed,
): Promise<BlockRef[]> {
  const needed: BlockRef[] = [];
  for await (const block of chainBlocks(source, chain, above)) {
    if (block.height >= LOWEST_FILE_HEIGHT) needed.push(block);
  }
  if (branches.length === 0) return needed;
  // Places tell of runs of heights.
  return [...needed, ...branches].sort((a, b) => Number(a.height - b.height));
}

function fileBytes({ places, neededCount }: BlocksPlan): number {
  const known = places.filter(({ bytes }) => bytes !== null);
  const knownBlocks = known.reduce((sum, { blockCount }) => sum + blockCount, 0);
  const knownBytes = known.reduce((sum, { bytes }) => sum + bytes!, 0);
  return knownBytes + Math.max(0, neededCount - knownBlocks) * BLOCK_FILE_BYTES;
}

async function timeOf(
  { target }: InspectedContext,
  targetState: TargetState,
  blocks: number,
): Promise<MigrationPlan["time"]> {
  const measured =
    target !== null && targetState === "archive"
      ? await readStageRate(target, copyBlocks.id)
      : null;
  const blocksPerSecond =
    measured === null
      ? COPY_BLOCKS_PER_SECOND
      : (measured.units * MS_PER_SECOND) / Math.max(measured.elapsedMs, 1);
  return {
    ms: Math.round((blocks / blocksPerSecond) * MS_PER_SECOND),
    blocksPerSecond: Math.round(blocksPerSecond * 10) / 10,
    measured:
      measured === null
        ? RATE_ORIGIN
        : `this target, ${measured.units} blocks, ${dateText(measured.measuredAt)}`,
  };
}

function placeOf({ height, stateHash }: BlockRef): Place {
  return { height: jsonNumber(height), stateHash };
}
