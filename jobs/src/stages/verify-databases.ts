// The one stage of `forklift verify`: a target that stands by itself, against whatever is given of a
// source, block files and an earlier proof.

import { lacksAccountIndexes, unfinishedReplayHeight } from "@forklift/archive";
import type { BlockRef, StateHash } from "@forklift/chain";
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
import { readProvenPart, VERIFY_STAGE } from "./proven-height.ts";
import { comparedIn, verificationFailure } from "./verification-failure.ts";

export interface VerifyContext extends Omit<VerifierContext, "anchor" | "proven"> {
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

interface Plan {
  readonly anchor: Anchor;
  readonly proven: ProvenPart | null;
}

const NO_STOP = { forkStateHash: null, stopAtHeight: null };

export const verifyDatabases: WholeStage<VerifyContext, Plan> = {
  id: VERIFY_STAGE,
  kind: "whole",

  async plan(context) {
    return {
      anchor: (await namedAnchor({ ...context, stop: NO_STOP })) ?? (await lesserAnchor(context)),
      proven: context.isFull ? null : await readProvenPart(context.target),
    };
  },

  async run(context, { anchor, proven }, { signal, progress }) {
    const { now, onCheck, onReport, target } = context;
    const report = await verifyArchive(
      { ...context, anchor, proven },
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
  const { manifestAnchor } = context;
  if (manifestAnchor === undefined) return await sourceAnchor(context);
  return { ...manifestAnchor, vouchedBy: "manifest" };
}

/** What a target lacks that was never replayed shows in many checks, and has one cause. */
async function nextStep(target: Session, { tip }: VerificationReport): Promise<string> {
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
  return "do not publish this target; forklift verify --json names the first differences of every check";
}
