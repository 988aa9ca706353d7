// The result of a run of stages, as a table and as a document.

import type { StageReport } from "@forklift/pipeline";
import type { Outcome } from "../cli/host.ts";
import { duration, grouped } from "./numbers.ts";
import { table } from "./table.ts";

export function stagesTable(stages: readonly StageReport[]): string {
  return table(
    [
      { title: "stage" },
      { title: "rows", align: "right" },
      { title: "checks", align: "right" },
      { title: "time", align: "right" },
      { title: "" },
    ],
    stages.map(({ stage, rowCount, checks, elapsedMs, skipped }) => [
      stage,
      grouped(rowCount),
      grouped(checks.length),
      duration(elapsedMs),
      skipped === undefined ? "" : `nothing to do: ${skipped}`,
    ]),
  );
}

export function stagesOutcome(stages: readonly StageReport[], more: object): Outcome {
  return { text: stagesTable(stages), json: { ok: true, stages, ...more } };
}
