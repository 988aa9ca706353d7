// Asks of the block in which a final run ends whether it may be the last before the fork, before anything is
// copied: its set is marked and kept for ever. A dry run, and one that is told a height alone, is only told.

import {
  ancestorAt,
  highestTips,
  readForkCandidate,
  readGenesisBlock,
  requireReadable,
  requireSchema,
  type StopPoint,
  selectChain,
  sourceHeightOf,
} from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import { requireGenesisBlock } from "@forklift/context";
import { chosenTip } from "@forklift/migrator";
import type { Network } from "@forklift/network";
import { ConfigError, type WholeStage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { findBlock } from "@forklift/precomputed";
import {
  type CandidateReport,
  candidateText,
  checkCandidate,
  type ForkClaim,
  failedChecks,
  unmetChecks,
} from "../candidate-checks.ts";
import type { JobContext } from "../context/job-context.ts";
import { readCandidateOfFiles } from "./candidate-of-files.ts";

type CandidateContext = Pick<
  JobContext,
  "source" | "blocks" | "network" | "stop" | "forkPoint" | "forkSlot" | "minConfirmations"
>;

interface Plan {
  readonly candidate: CandidateReport;
  /** Whether the run publishes a block that somebody named, and so refuses one that does not hold. */
  readonly refuses: boolean;
}

export const askCandidate: WholeStage<JobContext, Plan> = {
  id: "check-candidate",
  kind: "whole",

  async plan(context) {
    const { stop, isDryRun } = context;
    const candidate = await inspectCandidate(context);
    if (candidate.height === null) {
      // No run can end in it: the words are those for a stop point that any job has.
      await endOfChain(context);
    }
    context.candidate.report = candidate;
    const refuses = !isDryRun && stop.forkStateHash !== null;
    if (!isDryRun) requireNamedEnd(context, candidate);
    if (refuses) requireCandidate(candidate);
    for (const warning of warningsOf(candidate, refuses)) context.warn(warning);
    return { candidate, refuses };
  },

  /** Every question was asked while planning. */
  async run() {
    return { rowCount: 0 };
  },

  /** Down from a highest block by parent hash alone, where the plan went by chain status. */
  async verify({ source }, { candidate }) {
    const { stateHash, height, checks } = candidate;
    if (source === null) return [];
    const isOnBestChain = checks.some(({ id, ok }) => id === "best-chain" && ok === true);
    if (!isOnBestChain || height === null) return [];
    const [tip] = await highestTips(source);
    const actual = await ancestorAt(source, tip!.stateHash, BigInt(height));
    return [
      { name: "ancestor of the highest block", expected: stateHash, actual: actual ?? "none" },
    ];
  },
};

/** As the preflight does, which comes later: what is no archive of the network has no block to ask about. */
async function requireArchiveOf(source: Session, network: Network): Promise<void> {
  await requireSchema(source, { role: "source", era: "mainnet" });
  await requireReadable(source);
  const genesis = await readGenesisBlock(source);
  requireGenesisBlock(source, { role: "source", network, genesis });
}

/**
 * What the source says of the block in which the run ends, against what everybody says of it. Reads only.
 * @throws ConfigError when it is no archive of the network, SourceDataError when a height alone names no block, or there is a gap below the block.
 */
export async function inspectCandidate(context: CandidateContext): Promise<CandidateReport> {
  const { source, network, stop, minConfirmations } = context;
  if (source !== null) await requireArchiveOf(source, network);
  const stateHash = stop.forkStateHash ?? (await endOfChain(context));
  const found =
    source === null
      ? await readCandidateOfFiles(context, stateHash)
      : await readForkCandidate(source, stateHash, network.name);
  const claims = await claimsOf(context, stateHash);
  return checkCandidate({ stateHash, found, claims, minConfirmations });
}

async function endOfChain(context: CandidateContext): Promise<StateHash> {
  const { source, network, stop } = context;
  if (source === null) return (await chosenTip({ ...context, target: null }, stop)).stateHash;
  return (await selectChain(source, stop, network.name)).tip.stateHash;
}

async function claimsOf(
  { source, blocks, network, stop, forkPoint, forkSlot }: CandidateContext,
  stateHash: StateHash,
): Promise<ForkClaim[]> {
  const { lastPreForkBlock: last, forkGenesis } = network;
  const claims: ForkClaim[] = [];
  // A source that ends below the preset's block, such as a part of a chain, ends where the operator says.
  const isThere = async (hash: StateHash) =>
    (source === null ? await findBlock(blocks, hash) : await sourceHeightOf(source, hash)) !== null;
  if (last !== null && (last.stateHash === stateHash || (await isThere(last.stateHash)))) {
    const slotMax = forkGenesis?.globalSlotSinceGenesis;
    const { height, globalSlotSinceGenesis: slot } = last;
    claims.push({ by: "preset", stateHash: last.stateHash, height, slot, slotMax });
  }
  if (forkPoint !== null) {
    const slotMax = forkPoint.forkGenesisSlot ?? undefined;
    const { height } = forkPoint;
    claims.push({ by: "fork configuration", stateHash: forkPoint.stateHash, height, slotMax });
  }
  if (stop.forkStateHash !== null && stop.stopAtHeight !== null) {
    claims.push({ by: "--stop-at-height", height: stop.stopAtHeight });
  }
  if (forkSlot !== undefined) claims.push({ by: "--fork-slot", slot: forkSlot });
  return claims;
}

/** By whatever option the end is chosen: what is published as final must end in the block that the preset names. */
function requireNamedEnd(
  { stop, network: { name, lastPreForkBlock } }: CandidateContext,
  candidate: CandidateReport,
): void {
  if (lastPreForkBlock === null || !endsElsewhere({ stop, lastPreForkBlock }, candidate)) return;
  const { height, stateHash } = lastPreForkBlock;
  throw new ConfigError(
    `final is to end in ${askedFor(stop)}, the last pre-fork block of ${name} is ${stateHash} at ` +
      `height ${height}`,
    {
      hint: "leave the stop point out; to rehearse with another one, add --dry-run",
      details: { candidate },
    },
  );
}

interface NamedEnd extends Pick<Network, "lastPreForkBlock"> {
  readonly stop: StopPoint;
}

/** Than in the block that the preset names, where the source has that. */
export function endsElsewhere(
  { stop, lastPreForkBlock }: NamedEnd,
  { namedBy, stateHash }: CandidateReport,
): boolean {
  if (lastPreForkBlock === null || !namedBy.includes("preset")) return false;
  const { height } = lastPreForkBlock;
  return stateHash !== lastPreForkBlock.stateHash || (stop.stopAtHeight ?? height) !== height;
}

function askedFor({ forkStateHash, stopAtHeight }: StopPoint): string {
  const asked = [forkStateHash, stopAtHeight === null ? null : `height ${stopAtHeight}`];
  return asked.filter((one) => one !== null).join(" at ");
}

/** @throws ConfigError that says what does not hold, each with both values. */
function requireCandidate(candidate: CandidateReport): void {
  const failed = failedChecks(candidate);
  if (failed.length === 0) return;
  const told = failed.map(
    ({ id, found, expected }) => `${id}: found ${found}, expected ${expected}`,
  );
  const isShallow = failed.every(({ id }) => id === "confirmations");
  throw new ConfigError(
    `${candidateText(candidate)} may not be published as the last block before the fork: ` +
      `${told.join("; ")}; nothing was copied`,
    {
      hint: isShallow
        ? "wait for blocks above it; or give --min-confirmations, of which 0 takes a tip"
        : "check the hash; once the network has agreed on the block, give the fork's --fork-genesis-config; " +
          "to rehearse, add --dry-run",
      details: { candidate },
    },
  );
}

/** Of a rehearsal what would be refused; of a tip that is taken, that it is one. */
function warningsOf(candidate: CandidateReport, refuses: boolean): string[] {
  const { namedBy, minConfirmations, checks } = candidate;
  const unmet = unmetChecks(candidate).map(
    ({ id, found, expected }) =>
      `candidate check ${id} of ${candidateText(candidate)}: found ${found}, expected ${expected}`,
  );
  if (!refuses || namedBy.length > 0 || minConfirmations > 0) return unmet;
  const above = checks.find(({ id }) => id === "confirmations")?.found;
  return [
    ...unmet,
    `${candidateText(candidate)} is taken with ${above} blocks above it, for 0 confirmations are asked for: ` +
      "nobody but the operator says that the network does not leave it",
  ];
}
