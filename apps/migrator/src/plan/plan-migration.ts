// The plan of a migration as plain data: what `forklift migrate --plan` prints. Nothing is written.

import {
  auditDocument,
  chainBlocks,
  readStageRate,
  requireDatabaseCreatable,
  type SourceChain,
} from "@forklift/archive";
import { type BlockRef, type History, jsonNumber } from "@forklift/chain";
import { derivedGenesisNote } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import { readServerSettings, type ServerSettings, settingWarnings } from "@forklift/postgres";
import { dateText, MS_PER_SECOND } from "@forklift/system";
import { adoptableBlocks } from "../branches/changed-statuses.ts";
import { NO_BRANCHES, planBranches } from "../branches/planned-branches.ts";
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
import { countTargetRows, type TableRows } from "./target-rows.ts";

/** Its field names are a contract: `--json` prints exactly this. */
export interface MigrationPlan {
  readonly network: string;
  readonly source: { readonly url: string; readonly tip: Place };
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
  /** Of the sources of precomputed blocks, in the order in which they are read. */
  readonly probes: readonly SourceProbe[];
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
  const precomputed = await planBlocks(needed, context.probes, context.network.name);
  const blocks = Number(chain.tip.height > above ? chain.tip.height - above : 0n);
  const bytes = {
    blockFiles: fileBytes(precomputed),
    target: estimatedBytes(servers[0], {
      blockCount: blocks + planned.absent.length,
      height: Number(chain.tip.height),
    }),
  };
  const document = auditDocument(audit);
  const note = derivedGenesisNote(context.network, inspection.hasGenesis);
  const plan: MigrationPlan = {
    network: context.network.name,
    source: { url: context.source.maskedUrl, tip: placeOf(chain.tip) },
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
    branchBlocks: {
      toCopy: planned.absent.length,
      toAdopt: adopted.length,
      leftOut: planned.leftOut.length,
    },
    rows: await countTargetRows(context, { chain, above, targetState, branches, planned }),
    precomputed,
    bytes,
    time: await timeOf(context, targetState, blocks + planned.absent.length),
    servers,
    warnings: [
      ...(note === null ? [] : [note]),
      ...servers.flatMap((server) => settingWarnings(server, { bytes: bytes.target })),
    ],
    audit: document,
    filesToFetch: [...new Set([...document.filesToFetch, ...precomputed.missing])],
  };
  return { plan, inspection };
}

/** No public bucket holds height 1, and none is needed: the preset has its protocol state. */
const LOWEST_FILE_HEIGHT = 2n;

interface Needed {
  readonly chain: SourceChain;
  readonly above: bigint;
  readonly branches: readonly BlockRef[];
}

async function neededBlocks(
  { source }: InspectedContext,
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
