// The report of a run, as the file that is published beside its dump.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { jsonNumber } from "@forklift/chain";
import { toJson, type VerificationReport } from "@forklift/verifier";
import type { Anchor } from "./anchor.ts";
import type { JobWorld } from "./job-world.ts";

/** Where the stages of one run leave the report for each other. */
export function reportPath({ workPath }: Pick<JobWorld, "workPath">): string {
  return path.join(workPath, "report.json");
}

/** What a report holds: the verifier's document, and the anchor that it hangs on. */
export type ReportDocument = ReturnType<typeof reportDocument>;

export function reportDocument({ anchor, report }: { anchor: Anchor; report: VerificationReport }) {
  const { stateHash, vouchedBy } = anchor;
  return { anchor: { height: jsonNumber(anchor.height), stateHash, vouchedBy }, ...toJson(report) };
}

export async function writeReport(
  world: JobWorld,
  outcome: { anchor: Anchor; report: VerificationReport },
): Promise<void> {
  const text = JSON.stringify(reportDocument(outcome), null, 2);
  await writeFile(reportPath(world), `${text}\n`);
}

export async function readReport(world: JobWorld): Promise<ReportDocument> {
  return JSON.parse(await readFile(reportPath(world), "utf8")) as ReportDocument;
}
