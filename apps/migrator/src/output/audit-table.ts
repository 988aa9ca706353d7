// What an audit found, as a table for people.

import type { auditDocument } from "@forklift/archive";
import { grouped, table } from "@forklift/console";

type AuditDocument = ReturnType<typeof auditDocument>;

/** Rows of each kind that are printed; the document holds more. */
const ROWS_PER_KIND = 10;

export function findingsTable({ findings, counts }: AuditDocument): string {
  const shown = Object.keys(counts).flatMap((kind) =>
    findings.filter((finding) => finding.kind === kind).slice(0, ROWS_PER_KIND),
  );
  const rows = table(
    [
      { title: "finding" },
      { title: "height", align: "right" },
      { title: "stops" },
      { title: "fault" },
    ],
    shown.map(({ kind, height, fault, stopsMigration }) => [
      kind,
      height === null ? "" : String(height),
      stopsMigration ? "YES" : "no",
      fault,
    ]),
  );
  const totals = Object.entries(counts).map(([kind, count]) => `${kind} ${grouped(count)}`);
  return `${rows}\n${totals.join(", ")}`;
}
