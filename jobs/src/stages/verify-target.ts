// Step 6 of a job: the independent verification; of what is new in daily, else of all.

import {
  ConfigError,
  type ForkliftError,
  SourceDataError,
  VerificationError,
  type WholeStage,
} from "@forklift/pipeline";
import { readSchema } from "@forklift/schemas";
import {
  type Anchor,
  type ProvenPart,
  toJson,
  type VerificationReport,
  verifyArchive,
} from "@forklift/verifier";
import { namedAnchor, sourceAnchor } from "../anchor.ts";
import type { JobWorld } from "../job-world.ts";
import { readProvenPart, VERIFY_STAGE } from "../proven-height.ts";
import { openReader } from "../sessions.ts";
import { whyPublished } from "../sets/is-published.ts";
import { readReport, writeReport } from "../verification-report.ts";

interface Plan {
  readonly anchor: Anchor;
  /** What stands in a set that was proven and published; null verifies everything. */
  readonly proven: ProvenPart | null;
}

export const verifyTarget: WholeStage<JobWorld, Plan> = {
  id: VERIFY_STAGE,
  kind: "whole",

  async plan(world) {
    const { target, job } = world;
    const named = await namedAnchor(world);
    const published = await whyPublished(world);
    if (published !== null) return { skip: published };
    // Not before: on an idle day the source may be older than the set.
    const anchor = named ?? (await sourceAnchor(world));
    const proven = job === "daily" ? await readProvenPart(target) : null;
    return { anchor, proven };
  },

  async run(world, { anchor, proven }, { signal, progress }) {
    const { manifest: schema } = await readSchema("berkeley");
    const report = await verifyArchive(
      { ...world, anchor, proven, schema, openTarget: () => openReader(world.targetUrl) },
      {
        now: world.now,
        signal,
        onHeight: (done, total) => progress({ done, total, unit: "blocks" }),
      },
    );
    await writeReport(world, report);
    world.verified.versions = report.versions;
    if (!report.ok) {
      throw failure(
        report,
        "do not publish this target; its report names the first differences of every check: " +
          "--json and the evidence of the run hold it, a dry run leaves it as a file",
      );
    }
    return { rowCount: comparedIn(report) };
  },

  /** Its whole work was to verify: the report holds the answers. */
  async verify(world) {
    const { checks } = await readReport(world);
    return checks.map(({ id, differenceCount }) => ({
      name: `differences of ${id}`,
      expected: "0",
      actual: String(differenceCount),
    }));
  },
};

/** How many rows all its checks have looked at together. */
export function comparedIn({ checks }: VerificationReport): number {
  return checks.reduce((sum, { compared }) => sum + compared, 0);
}

/**
 * Names the first difference of every check that failed; the report goes with it. Where nothing is known
 * against the target but what the checks lack, it is that which is at fault.
 */
export function failure(report: VerificationReport, hint: string): ForkliftError {
  const failed = report.checks.filter(({ ok }) => !ok);
  // The databases of a job may be gone when somebody reads this.
  const details = { report: toJson(report) };
  const unanswered = failed.map((check) => check.unanswered);
  const [first] = unanswered;
  if (first !== undefined && unanswered.every((reason) => reason !== undefined)) {
    const message = `${failed.map(({ id }) => id).join(", ")}: no answer: ${first.message}`;
    const options = {
      cause: first,
      details,
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    };
    return first instanceof ConfigError
      ? new ConfigError(message, options)
      : new SourceDataError(message, options);
  }
  const sentences = failed.map(({ id, differenceCount, differences: [difference] }) => {
    if (difference === undefined) return id;
    const { table, key, column, expected, found } = difference;
    const more = differenceCount > 1 ? ` (and ${differenceCount - 1} more)` : "";
    return `${id}: ${table} ${key} ${column} is ${found}, expected ${expected}${more}`;
  });
  return new VerificationError(sentences.join("; "), { hint, details });
}
