// The report of a run, as the file that is published beside its dump and as `forklift verify --json`
// prints it.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileError, SourceDataError } from "@forklift/pipeline";
import { toJson, type VerificationReport } from "@forklift/verifier";
import { z } from "zod";
import type { JobWorld } from "./job-world.ts";
import { VOUCHERS } from "./sets/manifest.ts";

const height = z.int().nonnegative();
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const needs = z.array(z.enum(["source", "blocks", "fork config"]));

/** `docs/verification-report.schema.json` is made from it. Keys may be added, none is renamed. */
export const reportSchema = z.strictObject({
  ok: z.boolean(),
  /** The one block that is trusted, and who vouches for it. */
  anchor: z.strictObject({ height, stateHash: z.string(), vouchedBy: z.enum(VOUCHERS) }),
  /** They hang on the anchor, but nobody vouches for them. */
  blocksAboveAnchor: count,
  tip: z.strictObject({ height, stateHash: z.string(), ledgerHash: z.string() }),
  /** The first height that was looked at; above 1 when an earlier run has proven what is below. */
  fromHeight: height,
  /** Up to here the proof of an earlier run is trusted, by its digests; absent when all was looked at. */
  provenBefore: z.strictObject({ height, stateHash: z.string() }).optional(),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      ok: z.boolean(),
      compared: count,
      seconds,
      differenceCount: count,
      /** The first of them. */
      differences: z.array(
        z.strictObject({
          table: z.string(),
          key: z.string(),
          column: z.string(),
          expected: z.string(),
          found: z.string(),
        }),
      ),
    }),
  ),
  /** What was not asked, and what it would have taken. */
  dropped: z.array(z.strictObject({ id: z.string(), name: z.string(), needs })),
  coverage: z.strictObject({
    columns: count,
    proven: count,
    unproven: z.array(z.string()),
    by: z.record(z.string(), z.array(z.string()).min(1)),
  }),
  digests: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
  rowCounts: z.record(z.string(), count),
  /** Blocks whose ledger hash was not demanded. */
  exceptions: z.array(z.strictObject({ height, stateHash: z.string(), reason: z.string() })),
  seconds,
});

export type ReportDocument = z.infer<typeof reportSchema>;

/** Where the stages of one run leave the report for each other. */
export function reportPath({ workPath }: Pick<JobWorld, "workPath">): string {
  return path.join(workPath, "report.json");
}

export async function writeReport(
  world: Pick<JobWorld, "workPath">,
  report: VerificationReport,
): Promise<void> {
  const file = reportPath(world);
  try {
    await writeFile(file, `${JSON.stringify(toJson(report), null, 2)}\n`);
  } catch (error) {
    throw fileError(error, `write ${file}`);
  }
}

/** @throws SourceDataError when the file is no report. */
export async function readReport(world: JobWorld): Promise<ReportDocument> {
  const file = reportPath(world);
  const unusable = (reason: string) =>
    new SourceDataError(`${file} is not a verification report: ${reason}`, {
      hint: "run the same command again, which verifies anew",
    });
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(error, `read ${file}`);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unusable("it is no JSON");
  }
  const result = reportSchema.safeParse(json);
  if (result.success) return result.data;
  throw unusable(z.prettifyError(result.error));
}
