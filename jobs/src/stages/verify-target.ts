// Step 6 of a job: the independent verification; of what is new in daily, else of all.

import { readHealedParts } from "@forklift/archive";
import { openReader } from "@forklift/context";
import type { Check, Watch, WholeResult, WholeStage } from "@forklift/pipeline";
import { readSchema } from "@forklift/schemas";
import {
  type Anchor,
  type ProvenPart,
  type VerifierContext,
  verifyArchive,
} from "@forklift/verifier";
import type { JobContext } from "../context/job-context.ts";
import { namedAnchor, unnamedAnchor } from "./anchor.ts";
import { whyPublished } from "./is-published.ts";
import { readProvenPart, VERIFY_STAGE } from "./proven-height.ts";
import { removeRoot, rootMarks } from "./rooted-marks.ts";
import { comparedIn, verificationFailure } from "./verification-failure.ts";
import { readReport, writeReport } from "./verification-report.ts";

export interface VerificationPlan {
  readonly anchor: Anchor;
  /** What stands in a set that was proven and published; null verifies everything. */
  readonly proven: ProvenPart | null;
}

export const verifyTarget: WholeStage<JobContext, VerificationPlan> = {
  id: VERIFY_STAGE,
  kind: "whole",

  async plan(context) {
    const { target, job, grounds } = context;
    const named = await namedAnchor(context);
    const published = await whyPublished(context);
    if (published !== null) return { skip: published };
    // Not before: on an idle day the source may be older than the set.
    const anchor = named ?? (await unnamedAnchor(context));
    // With all signatures nothing is believed that was proven without them.
    const believes = job === "daily" && grounds.signatures.which !== "all";
    const proven = believes ? await readProvenPart(target) : null;
    return { anchor, proven };
  },

  async run(context, plan, watch) {
    // A living archive gains blocks between the copy and this: none of them was lost.
    const compared = context.sourceDump === null ? context : withLeftOut(context);
    return await runVerification(await withHealed(compared), plan, watch);
  },
  verify: answersOfReport,
};

export interface VerifiedContext
  extends Omit<VerifierContext, "anchor" | "proven" | "schema" | "openTarget">,
    Pick<JobContext, "targetUrl" | "workPath" | "walkMarks" | "verified" | "now" | "inform"> {}

/** What the migration of this run has left out, if it has looked for every block beside the chain. */
export function withLeftOut<Context extends Pick<JobContext, "leftOutNames">>(
  context: Context,
): Context & Pick<VerifierContext, "leftOut"> {
  const leftOut = context.leftOutNames?.all ?? null;
  return leftOut === null ? context : { ...context, leftOut };
}

/** What migrations of this target have healed: there the source is known to be otherwise. */
export async function withHealed<Context extends Pick<JobContext, "target" | "heals">>(
  context: Context,
): Promise<Context & Pick<VerifierContext, "healed">> {
  const { target, heals = false } = context;
  return heals ? { ...context, healed: await readHealedParts(target) } : context;
}

/** Leaves the report in the work folder. @throws VerificationError */
export async function runVerification(
  context: VerifiedContext & Partial<Pick<JobContext, "dumpsPassedOver">>,
  { anchor, proven }: VerificationPlan,
  { signal, progress }: Watch,
): Promise<WholeResult> {
  const { manifest: schema } = await readSchema("berkeley");
  const report = await verifyArchive(
    { ...context, anchor, proven, schema, openTarget: () => openReader(context.targetUrl) },
    {
      now: context.now,
      signal,
      marks: await rootMarks(context.target, context.walkMarks),
      onResumed: (height) =>
        context.inform?.(
          `the verification goes on above height ${height}, what is below unchanged`,
        ),
      onHeight: (done, total) => progress({ done, total, unit: "blocks" }),
    },
  );
  await writeReport(context, report);
  context.verified.versions = report.versions;
  if (!report.ok) {
    await removeRoot(context.target);
    throw verificationFailure(
      report,
      "do not publish this target; its report names the first differences of every check: " +
        "--json and the evidence of the run hold it, a dry run leaves it as a file",
    );
  }
  return { rowCount: comparedIn(report) };
}

/** Its whole work was to verify: the report holds the answers. */
export async function answersOfReport(context: Pick<JobContext, "workPath">): Promise<Check[]> {
  const { checks } = await readReport(context);
  return checks.map(({ id, differenceCount }) => ({
    name: `differences of ${id}`,
    expected: "0",
    actual: String(differenceCount),
  }));
}
