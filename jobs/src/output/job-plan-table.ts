// The plan of a final run for people.

import { duration, grouped, table } from "@forklift/console";
import type { FinalPlan } from "../run/plan-final.ts";
import type { ExpectedWindow } from "../run/rehearsals.ts";
import { candidateTable } from "./candidate-table.ts";

export function finalPlanTable(plan: FinalPlan): string {
  const { network, source, set, blocks, candidate, refusedBy, window } = plan;
  const facts = [
    `network  ${network}`,
    `source   ${source}`,
    `set      ${set === null ? "none that it could go on from" : `${set.name} at height ${grouped(set.height)}`}`,
    `blocks   ${blocks === null ? "known once the dump is restored" : `${grouped(blocks)} above the set`}`,
    `window   ${window === null ? "unknown before a dry run has ended well" : windowText(window)}`,
  ];
  return [
    facts.join("\n"),
    candidate === null
      ? "candidate checks: asked once the dump is restored; --dry-run does, and so does --source-db here"
      : candidateTable(candidate),
    ...(window === null ? [] : [windowTable(window)]),
    `nothing was written; without --plan the same command ${outlook(refusedBy)}`,
  ].join("\n\n");
}

function outlook(refusedBy: readonly string[]): string {
  if (refusedBy.length === 0) return "runs";
  return `is refused by the candidate checks ${refusedBy.join(", ")}, unless it is a dry run`;
}

function windowText({ ms, rehearsal, isOfThisMachine, hasPublishing }: ExpectedWindow): string {
  const machine = isOfThisMachine ? "on this machine" : "on another machine";
  const publishing = hasPublishing ? "" : "; without publishing, which no run here has measured";
  return `about ${duration(ms)}, by ${rehearsal} ${machine}${publishing}`;
}

function windowTable({ stages }: ExpectedWindow): string {
  return table(
    [{ title: "stage" }, { title: "about", align: "right" }],
    stages.map(({ stage, ms }) => [stage, duration(ms)]),
  );
}
