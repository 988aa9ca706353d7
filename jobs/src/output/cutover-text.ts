// What a cutover would do, and what it did, for people.

import { duration } from "@forklift/console";
import type { CutoverOutcome, CutoverPlan } from "../run/cutover.ts";
import { candidateTable } from "./candidate-table.ts";

export function cutoverPlanText(plan: CutoverPlan): string {
  const { network, source, target, store, out, end, targetTip, newestSet, exchange } = plan;
  const { warnings, byHand, candidate, refusedBy, window } = plan;
  const stands =
    targetTip === null ? "it holds no block" : `it stands at height ${targetTip.height}`;
  return [
    `cutover of ${network}, which ends in ${end.stateHash} at height ${end.height}`,
    `source  ${source}, which is only read`,
    `target  ${target}; ${stands}`,
    `store   ${store}; ${newestSet === null ? "it holds no set" : `the newest set is ${newestSet}`}`,
    `window  ${window === null ? "unknown before a dry run of final has ended well" : `about ${duration(window.ms)}, by ${window.rehearsal}`}`,
    ...(candidate === null ? [] : ["", candidateTable(candidate), ""]),
    ...warnings.map((warning) => `WARNING: ${warning}`),
    ...(refusedBy.length === 0
      ? []
      : [`REFUSED as it stands, by the candidate checks ${refusedBy.join(", ")}`]),
    "",
    "With --yes:",
    ` 1. migrate and replay up to height ${end.height}, and compare every ledger hash`,
    " 2. verify all of the target",
    ` 3. publish the final set, with its hand-over, in ${store}`,
    ` 4. write the hand-over${exchange?.isOneServer === false ? "" : ", switch.sql and switch-back.sql"} into ${out}`,
    "",
    "By hand, afterwards; forklift renames nothing, and nothing is dropped:",
    ...(exchange === null
      ? ["    what the hand-over says: the target is not there yet"]
      : byHand.map((step, index) => `${String(index + 1).padStart(2)}. ${step}`)),
    "",
    "nothing was done",
  ].join("\n");
}

export function cutoverText({ final, files }: CutoverOutcome): string {
  const { height, stateHash, set } = final;
  return [
    `cutover: proven up to ${stateHash} at height ${height}, published as ${set}`,
    ...files.map((file) => `written: ${file}`),
    "what is left is done by hand: hand-over.txt says what, in order",
  ].join("\n");
}
