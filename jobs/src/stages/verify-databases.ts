// The one stage of `forklift verify`: a target that stands by itself, against whatever is given of a
// source, block files and an earlier proof.

import { countHealed, lacksAccountIndexes, unfinishedReplayHeight } from "@forklift/archive";
import type { BlockRef, StateHash } from "@forklift/chain";
import { BLOCKS_PER_READ, boundedLoad } from "@forklift/migrator";
import type { WholeStage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import {
  type Anchor,
  type CheckResult,
  type ProvenPart,
  type VerificationReport,
  type VerifierContext,
  verifyArchive,
} from "@forklift/verifier";
import { namedAnchor, sourceAnchor } from "./anchor.ts";
import { type Described, describeArchive, type LivingContext } from "./living-archive.ts";
import { readProvenPart, VERIFY_STAGE } from "./proven-height.ts";
import { comparedIn, verificationFailure } from "./verification-failure.ts";

export interface VerifyContext
  extends Omit<VerifierContext, "anchor" | "proven" | "schema" | "archive" | "form" | "pause">,
    Pick<LivingContext, "archiveForm" | "form"> {
  /** Milliseconds for which the target is left alone between two reads. */
  readonly pauseMs: number;
  readonly trustedStateHash: StateHash | null;
  /** The anchor that the manifest of a set names, where nobody else vouches for one. */
  readonly manifestAnchor?: BlockRef;
  /** Whether what an earlier run has proven is proven anew. */
  readonly isFull: boolean;
  readonly now: () => number;
  readonly onCheck: (check: CheckResult) => void;
  /** Is given the report, whatever it says. */
  readonly onReport: (report: VerificationReport) => void;
}

interface Plan extends Pick<Described, "archive" | "form"> {
  readonly anchor: Anchor;
  readonly proven: ProvenPart | null;
}

const NO_STOP = { forkStateHash: null, stopAtHeight: null };

export const verifyDatabases: WholeStage<VerifyContext, Plan> = {
  id: VERIFY_STAGE,
  kind: "whole",

  async plan(context) {
    const { target, isFull } = context;
    const anchor =
      (await namedAnchor({ ...context, stop: NO_STOP })) ?? (await lesserAnchor(context));
    const { archive, form, isMarked } = await describeArchive(context, anchor);
    const proven = isFull || !isMarked ? null : await readProvenPart(target);
    return { anchor, archive, form, proven };
  },

  async run(context, { anchor, archive, form, proven }, { signal, progress }) {
    const { now, onCheck, onReport, target, archiveForm, pauseMs } = context;
    const { pause } = boundedLoad({ blocksMax: BLOCKS_PER_READ, pauseMs, signal });
    const { schema } = archiveForm;
    const report = await verifyArchive(
      { ...context, anchor, archive, form, proven, schema, pause },
      {
        now,
        signal,
        onCheck,
        onHeight: (done, total) => progress({ done, total, unit: "blocks" }),
      },
    );
    onReport(report);
    if (!report.ok) throw verificationFailure(report, await nextStep(target, report));
    return { rowCount: comparedIn(report) };
  },

  /** Its whole work was to verify: the report holds the answers. */
  async verify() {
    return [];
  },
};

async function lesserAnchor(context: VerifyContext): Promise<Anchor> {
  const { manifestAnchor, source } = context;
  if (manifestAnchor === undefined || source !== null) return await sourceAnchor(context);
  return { ...manifestAnchor, vouchedBy: "manifest" };
}

/** What a target lacks that was never replayed shows in many checks, and has one cause. */
async function nextStep(target: Session, { tip, archive }: VerificationReport): Promise<string> {
  if (archive?.goesOn != null) {
    return (
      "do not rely on this part of the archive; forklift verify --json names the first differences of every " +
      "check, and a published set holds the same history to compare with"
    );
  }
  const height = await unfinishedReplayHeight(target);
  if (height !== null) {
    return (
      `accounts_accessed ends at height ${height}, the target at ${tip.height}: ` +
      "run forklift replay, then verify again"
    );
  }
  if (await lacksAccountIndexes(target)) {
    return (
      "a replay that did not end has left out the indexes of the accounts' tables: " +
      "run forklift replay, then verify again"
    );
  }
  const healed = Object.values(await countHealed(target, 0n));
  if (healed.length > 0) {
    const count = healed.reduce((sum, values) => sum + values, 0);
    return (
      `verify without --source-db, by --blocks and --trusted-state-hash: a migration with --heal took ${count} values ` +
      "that this source lacks or has otherwise from block files, as the table forklift.healed of the target lists"
    );
  }
  return "do not publish this target; forklift verify --json names the first differences of every check";
}
