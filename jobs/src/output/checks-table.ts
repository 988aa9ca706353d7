// A verification, as a table for people.

import type { VerificationReport } from "@forklift/verifier";
import type { Anchor } from "../anchor.ts";
import { duration, grouped } from "./numbers.ts";
import { table } from "./table.ts";

export function checksTable(report: VerificationReport, anchor: Anchor): string {
  const checks = table(
    [
      { title: "check" },
      { title: "" },
      { title: "compared", align: "right" },
      { title: "time", align: "right" },
    ],
    report.checks.map(({ id, ok, compared, elapsedMs }) => [
      id,
      ok ? "yes" : "NO",
      grouped(compared),
      duration(elapsedMs),
    ]),
  );
  const { tip } = report;
  return [
    checks,
    "",
    `tip     ${tip.stateHash} at height ${tip.height}`,
    `anchor  ${anchor.stateHash} at height ${anchor.height}, vouched for by the ${anchor.vouchedBy}`,
    `answer  ${report.ok ? "the target is the history of this chain" : "NO"}`,
  ].join("\n");
}
