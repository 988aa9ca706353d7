// The plan of a final run: what it reads, where it goes on and where it ends, the candidate checks of that
// block, and how long the window of the fork has to be by the rehearsals. Nothing is written, and no lease taken.

import { jsonNumber } from "@forklift/chain";
import { openContext } from "@forklift/context";
import { maskUrl, type Session } from "@forklift/postgres";
import { runHistory } from "@forklift/sets";
import { thisProcess } from "@forklift/system";
import { type CandidateReport, failedChecks } from "../candidate-checks.ts";
import type { Config } from "../config/schema.ts";
import { requireTwoDatabases } from "../context/configured-inputs.ts";
import { type JobInputs, type JobOptions, openJobInputs } from "../context/job-inputs.ts";
import type { JobEnvironment } from "../observe/job-environment.ts";
import { endsElsewhere, inspectCandidate } from "../stages/check-candidate.ts";
import { type ExpectedWindow, expectedWindow, readRehearsals } from "./rehearsals.ts";

/** Its field names are a contract: `--json` prints exactly this. */
export interface FinalPlan {
  readonly job: "final";
  readonly network: string;
  /** The dump's name, or the masked URL of the live archive. */
  readonly source: string;
  /** The set that the run goes on from; null when there is none that it can. */
  readonly set: { readonly name: string; readonly height: number } | null;
  /** Blocks above that set, up to the end; null where nobody knows yet. */
  readonly blocks: number | null;
  /** Null when the source is a dump, which has to be restored first. */
  readonly candidate: CandidateReport | null;
  /** The ids of checks by which a run that publishes would be refused. */
  readonly refusedBy: readonly string[];
  /** Null before the first rehearsal. */
  readonly window: ExpectedWindow | null;
}

/** Runs of every recipe that are looked at for one that published. */
const RUNS_LOOKED_AT = 30;

/** @throws ConfigError, SourceDataError when something that the plan needs cannot be had. */
export async function planFinal(
  config: Config,
  options: JobOptions,
  environment: JobEnvironment,
): Promise<FinalPlan> {
  requireTwoDatabases(config);
  await using opened = openContext(environment);
  // As a dry run, which takes no lease and completes nothing.
  const asked = { config, options: { ...options, isDryRun: true }, runId: "plan" };
  const inputs = await openJobInputs(opened, asked, environment);
  const { network, sets, store, stop, sourceDump } = inputs;
  const { database } = config.source;
  const candidate =
    database === undefined ? null : await candidateIn(await opened.source(database), inputs);
  const height = candidate?.height ?? heightOf(stop.stopAtHeight);
  const set = await sets.newest(height === null ? undefined : BigInt(height));
  const blocks = height === null || set === null ? null : height - set.manifest.height;
  const history = runHistory(store, network.name, opened.warn);
  return {
    job: "final",
    network: network.name,
    source: sourceDump?.name ?? maskUrl(database!),
    set: set === null ? null : { name: set.name, height: set.manifest.height },
    blocks,
    candidate,
    refusedBy: candidate === null ? [] : refusalsOf(candidate, inputs),
    window: expectedWindow(await readRehearsals(history), {
      ...{ blocks, height, host: thisProcess().host },
      published: await history.newest(RUNS_LOOKED_AT),
    }),
  };
}

async function candidateIn(source: Session, inputs: JobInputs): Promise<CandidateReport> {
  return await inspectCandidate({ ...inputs, source });
}

/** An end by height alone is refused where the preset names another block, and by no check. */
function refusalsOf(candidate: CandidateReport, { stop, network }: JobInputs): string[] {
  const { lastPreForkBlock } = network;
  const failed = stop.forkStateHash === null ? [] : failedChecks(candidate).map(({ id }) => id);
  const isElsewhere = endsElsewhere({ stop, lastPreForkBlock }, candidate);
  return isElsewhere && !failed.includes("state-hash") ? ["state-hash", ...failed] : failed;
}

function heightOf(stopAtHeight: bigint | null): number | null {
  return stopAtHeight === null ? null : jsonNumber(stopAtHeight);
}
