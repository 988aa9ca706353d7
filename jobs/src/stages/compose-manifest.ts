// Composes the manifest of a set from the stages of a job.

import assert from "node:assert/strict";
import {
  countHealed,
  type PublishedTip,
  readSourceTip,
  stateHashesInTarget,
} from "@forklift/archive";
import { jsonNumber, type LedgerHash } from "@forklift/chain";
import { forkliftVersion } from "@forklift/console";
import { SourceDataError } from "@forklift/pipeline";
import { checkpointName, readMetaHead } from "@forklift/replayer";
import {
  MANIFEST_VERSION,
  type Manifest,
  type SetFile,
  type SetInput,
  setInput,
} from "@forklift/sets";
import { defined } from "@forklift/system";
import { openRests } from "@forklift/verifier";
import { type JobContext, sourceNameOf } from "../context/job-context.ts";
import type { ReportDocument } from "./verification-report.ts";

/** The role of the dump among the inputs of a set. */
export const SOURCE_DUMP = "source-dump";

export async function composeManifest(
  context: JobContext,
  tip: PublishedTip,
  files: readonly SetFile[],
  report: ReportDocument,
): Promise<Manifest> {
  const { network, source, target, job, date, durations, runId } = context;
  // Block files have no other end than that of the chain which was picked.
  const sourceTip = source === null ? tip : await readSourceTip(source);
  const { vouchedBy, ...anchor } = report.anchor;
  assert(vouchedBy !== "manifest", "a job trusts no manifest");
  return {
    version: MANIFEST_VERSION,
    network: network.name,
    created: date().toISOString(),
    forkliftVersion: forkliftVersion(),
    anchor: { ...anchor, vouchedBy },
    height: jsonNumber(tip.height),
    stateHash: tip.stateHash,
    globalSlotSinceGenesis: jsonNumber(tip.globalSlotSinceGenesis),
    preForkLedgerHash: tip.ledgerHash,
    berkeleyLedgerHash: await readBerkeleyLedgerHash(context, tip),
    final: job === "final",
    source: {
      name: sourceNameOf(context),
      tip: { height: jsonNumber(sourceTip.height), stateHash: sourceTip.stateHash },
    },
    files: [...files],
    digests: report.digests,
    rowCounts: report.rowCounts,
    verification: {
      ok: true,
      answer: report.notProven.length === 0 ? "yes" : "yes, except",
      notProven: report.notProven,
      restsOn: openRests(report.coverage.restsOn),
      checks: report.checks.map(({ id, compared }) => ({ id, compared })),
    },
    exceptions: await stateHashesInTarget(target, [...network.ledgerHashExceptions.keys()]),
    durations: Object.fromEntries(durations),
    inputs: inputsOf(context),
    history: context.history,
    ...defined({ beside: report.beside, healed: await healedValues(context) }),
    runId,
  };
}

/** With those of the newest set, which a restored target no longer tells of. */
async function healedValues({ target, sets, job }: JobContext): Promise<number | undefined> {
  const [newest] = job === "prime" ? [] : await sets.complete();
  const before = newest?.manifest;
  const above = before === undefined ? 0n : BigInt(before.height);
  const told = before?.version === MANIFEST_VERSION ? (before.healed ?? 0) : 0;
  const counts = Object.values(await countHealed(target, above));
  const healed = counts.reduce((sum, count) => sum + count, told);
  return healed === 0 ? undefined : healed;
}

/** A live source has no digest: what it held is told by the set's source alone. */
function inputsOf({ sourceDump, settings }: JobContext): SetInput[] {
  if (sourceDump?.digest === undefined) return [settings];
  const { name, digest } = sourceDump;
  return [setInput(SOURCE_DUMP, { name, ...digest }), settings];
}

/** As the replay computed it for the checkpoint that the set holds. */
async function readBerkeleyLedgerHash(
  { checkpoints, network }: JobContext,
  { stateHash, globalSlotSinceGenesis }: PublishedTip,
): Promise<LedgerHash> {
  const name = checkpointName(network.name, globalSlotSinceGenesis);
  const meta = await readMetaHead({ store: checkpoints, name });
  if (meta?.stateHash === stateHash) return meta.berkeleyLedgerHash;
  throw new SourceDataError(
    `${checkpoints.url}/${name} stands on ${meta?.stateHash ?? "no block"}, expected ${stateHash}`,
    { hint: "run the same job again, which replays and writes the checkpoint anew" },
  );
}
