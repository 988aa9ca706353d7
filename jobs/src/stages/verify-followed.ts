// The verification of a cycle of `follow`: what is new in the target, against the same picture of the source
// that it was copied from. What it has proven is marked in the target, and not looked at again.

import type { WholeStage } from "@forklift/pipeline";
import { openRests } from "@forklift/verifier";
import type { FollowContext } from "../context/follow-context.ts";
import { namedAnchor, unnamedAnchor } from "./anchor.ts";
import { markProven, readProvenPart, VERIFY_STAGE } from "./proven-height.ts";
import { readReport } from "./verification-report.ts";
import {
  answersOfReport,
  runVerification,
  type VerificationPlan,
  withHealed,
  withLeftOut,
} from "./verify-target.ts";

const NO_STOP = { forkStateHash: null, stopAtHeight: null };

export const verifyFollowed: WholeStage<FollowContext, VerificationPlan> = {
  id: VERIFY_STAGE,
  kind: "whole",

  async plan(context) {
    const source = context.checks;
    // Where the copy is told to stop, a look at the source has said, and nobody vouches for that.
    const named = await namedAnchor({ ...context, stop: NO_STOP });
    const anchor = named ?? (await unnamedAnchor({ ...context, source }));
    // With all signatures nothing is believed but what an earlier cycle of this run has proven with them.
    const { grounds, verified, target } = context;
    const believes = grounds.signatures.which !== "all" || verified.versions !== null;
    return { anchor, proven: believes ? await readProvenPart(target) : null };
  },

  async run(context, plan, watch) {
    // Both sessions see one picture: what this one shows beside the chain, the copy has seen.
    const compared = { ...(await withHealed(withLeftOut(context))), source: context.checks };
    const result = await runVerification(compared, plan, watch);
    const { tip, digests, coverage } = await readReport(context);
    await markProven(context.target, {
      ...{ height: String(tip.height), stateHash: tip.stateHash, digests },
      versions: context.verified.versions!,
      restsOn: openRests(coverage.restsOn),
    });
    return result;
  },

  verify: answersOfReport,
};
