// The result of a run of stages, as a table and as a document.

import type { Counts, StageReport } from "@forklift/pipeline";
import { duration, grouped } from "../text/numbers.ts";
import { table } from "../text/table.ts";
import type { Outcome } from "./host.ts";

export function stagesTable(stages: readonly StageReport[]): string {
  return table(
    [
      { title: "stage" },
      { title: "rows", align: "right" },
      { title: "checks", align: "right" },
      { title: "time", align: "right" },
      { title: "remark" },
    ],
    stages.map(({ stage, rowCount, checks, elapsedMs, skipped, leftBehind, details }) => [
      stage,
      grouped(rowCount),
      grouped(checks.length),
      duration(elapsedMs),
      skipped === undefined
        ? [countsText("left behind: ", leftBehind), countsText("", details)]
            .filter(Boolean)
            .join("; ")
        : `nothing to do: ${skipped}`,
    ]),
  );
}

/** `{orphanedBlocks: 3}` → "left behind: orphaned blocks 3". */
function countsText(before: string, counts: Counts = {}): string {
  const parts = Object.entries(counts).map(([name, count]) => {
    const words = name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
    return `${words} ${grouped(count)}`;
  });
  return parts.length === 0 ? "" : `${before}${parts.join(", ")}`;
}

export function stagesOutcome(stages: readonly StageReport[]): Outcome {
  return { text: stagesTable(stages), json: { ok: true, stages } };
}
