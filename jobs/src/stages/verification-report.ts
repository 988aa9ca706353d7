// The report of a run, as the file that is published beside its dump and as `forklift verify --json`
// prints it.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseJson } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { besideSchema, notProvenSchema, restsOnSchema, VOUCHERS } from "@forklift/sets";
import { fileError, issuesText } from "@forklift/system";
import { toJson, VERDICTS, type VerificationReport } from "@forklift/verifier";
import { z } from "zod";
import type { JobContext } from "../context/job-context.ts";

/** A set of somebody else has an anchor in its manifest; a report that is published with a set has none of these. */
const REPORTED_VOUCHERS = [...VOUCHERS, "manifest"] as const;

const height = z.int().nonnegative();
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const needs = z.array(
  z.enum([
    ...["source", "creation fees", "blocks", "signatures", "fork config", "branches"],
    ...["later blocks", "no later blocks"],
  ] as const),
);

/** `docs/verification-report.schema.json` is made from it. Keys may be added, none is renamed. */
export const reportSchema = z.strictObject({
  /** Whether no check said no. */
  ok: z.boolean(),
  /** `yes, except`: no check said no, and `notProven` says what a plain yes would claim besides. */
  answer: z.enum(VERDICTS),
  notProven: z.array(notProvenSchema),
  /** The one block that is trusted, and by whom. */
  anchor: z.strictObject({ height, stateHash: z.string(), vouchedBy: z.enum(REPORTED_VOUCHERS) }),
  /** They are linked to the anchor, but are not trusted. */
  blocksAboveAnchor: count,
  tip: z.strictObject({ height, stateHash: z.string(), ledgerHash: z.string() }),
  /** The first height that was looked at; above 1 when an earlier run has proven what is below. */
  fromHeight: height,
  /** Up to here the proof of an earlier run is trusted, by its digests; absent when all was looked at. */
  provenBefore: z.strictObject({ height, stateHash: z.string() }).optional(),
  /** Up to this height an interrupted run of the same job has looked; absent when this run looked at all. */
  resumedAbove: height.optional(),
  /** The network's first block, where its state hash is derived and no public source names it. */
  derivedGenesis: z.string().optional(),
  /** Of an archive that others have made, or that has gone on after the fork. */
  archive: z
    .strictObject({
      /** Of its schema, with what it has besides. */
      form: z.string(),
      additions: z.array(z.string()),
      /** Not as forklift writes it, and right all the same; `repair` is the name of upstream's command. */
      accepted: z.array(
        z.strictObject({ id: z.string(), what: z.string(), repair: z.string().nullable() }),
      ),
      /** What stands above the part that was verified; null for an archive that ends with it. */
      goesOn: z
        .strictObject({
          versions: z.array(
            z.strictObject({
              version: z.string(),
              blocks: count,
              fromHeight: height,
              toHeight: height,
            }),
          ),
          /** Rows by table that no block of the part refers to. */
          leftAlone: z.record(z.string(), count),
        })
        .nullable(),
    })
    .optional(),
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
  /** Checks that were not made, and what each would have needed. */
  dropped: z.array(z.strictObject({ id: z.string(), name: z.string(), needs })),
  coverage: z.strictObject({
    columns: count,
    proven: count,
    unproven: z.array(z.string()),
    by: z.record(z.string(), z.array(z.string()).min(1)),
    /** What settles each proven column for all its rows: a hash of the chain, signatures, sources that agree, or one. */
    restsOn: restsOnSchema,
  }),
  /** Signatures of user commands; absent where none was asked for. */
  signatures: z
    .strictObject({ share: z.string().regex(/^(all|new|[0-9]+%)$/), checked: count, of: count })
    .optional(),
  digests: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
  rowCounts: z.record(z.string(), count),
  /** Blocks whose ledger hash was not demanded. */
  exceptions: z.array(z.strictObject({ height, stateHash: z.string(), reason: z.string() })),
  /** What the target holds beside its chain; absent for a history that is to hold nothing there. */
  beside: besideSchema.optional(),
  /** Blocks of which the source has something otherwise, which a run with healing took from their files. */
  healedBlocks: count.optional(),
  seconds,
  /** Newer dumps of the source than the one that was used, and why; only of a job, and if there were any. */
  dumpsPassedOver: z.array(z.strictObject({ name: z.string(), reason: z.string() })).optional(),
});

export type ReportDocument = z.infer<typeof reportSchema>;

/** Where the stages of one run leave the report for each other. */
export function reportPath({ workPath }: Pick<JobContext, "workPath">): string {
  return path.join(workPath, "report.json");
}

export async function writeReport(
  context: Pick<JobContext, "workPath"> & Partial<Pick<JobContext, "dumpsPassedOver">>,
  report: VerificationReport,
): Promise<void> {
  const file = reportPath(context);
  const { dumpsPassedOver = [] } = context;
  const more = dumpsPassedOver.length === 0 ? {} : { dumpsPassedOver };
  try {
    await writeFile(file, `${JSON.stringify({ ...toJson(report), ...more }, null, 2)}\n`);
  } catch (error) {
    throw fileError(error, `write ${file}`);
  }
}

/** @throws SourceDataError when the file is no report. */
export async function readReport(context: Pick<JobContext, "workPath">): Promise<ReportDocument> {
  const file = reportPath(context);
  const unusable = (reason: string) =>
    new SourceDataError(`${file} is not a verification report: ${reason}`, {
      hint: "run the same command again, which verifies anew",
    });
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(error, `read ${file}`);
  });
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    throw unusable("it is no JSON");
  }
  const result = reportSchema.safeParse(json);
  if (result.success) return result.data;
  throw unusable(issuesText(result.error));
}
