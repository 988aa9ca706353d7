// The plan of a job for people, in 80 columns but for the names of databases and folders.

import { duration, grouped, table } from "@forklift/console";
import { dateText, sizeText } from "@forklift/system";
import type { JobPlan, PlannedDisk, PlannedWork } from "../run/plan-job.ts";
import type { ExpectedWindow } from "../run/rehearsals.ts";
import { candidateTable } from "./candidate-table.ts";

export function jobPlanTable(plan: JobPlan): string {
  const { job, candidate, nothingNew } = plan;
  const asked =
    candidate !== null
      ? [candidateTable(candidate)]
      : job === "final"
        ? [
            "candidate checks: asked once the dump is restored;\n--dry-run does, and so does --source-db here",
          ]
        : [];
  return [
    factsOf(plan),
    ...asked,
    ...(nothingNew === null ? [stagesOf(plan)] : []),
    `nothing was written; without --plan the same command\n${outlook(plan)}`,
  ].join("\n\n");
}

function factsOf({ job, network, source, set, end, blocks, window, disk, work }: JobPlan): string {
  const from = set === null ? "none that it could go on from" : set.name;
  const facts: [string, string][] = [
    ["network", network],
    ["source", source],
    ["set", job === "prime" ? "none: the whole history is migrated" : from],
    ...(set === null ? [] : [["", `at height ${grouped(set.height)}`] as [string, string]]),
    ["end", end === null ? "known once the dump is restored" : `height ${grouped(end.height)}`],
    ...(end === null ? [] : [["", end.stateHash] as [string, string]]),
    ["blocks", blocksText(job, blocks)],
    [job === "final" ? "window" : "time", window === null ? unmeasured(job) : windowText(window)],
    ...(window === null ? [] : [["", `by ${window.rehearsal}`] as [string, string]]),
    ...diskText(disk).map((text, index): [string, string] => [index === 0 ? "disk" : "", text]),
    ...workText(work).map((text, index): [string, string] => [index === 0 ? "work" : "", text]),
  ];
  return facts.map(([name, value]) => `${name.padEnd(8)} ${value}`).join("\n");
}

function blocksText(job: JobPlan["job"], blocks: number | null): string {
  if (blocks === null) return "known once the dump is restored";
  return job === "prime" ? grouped(blocks) : `${grouped(blocks)} above the set`;
}

function unmeasured(job: JobPlan["job"]): string {
  return `unknown before a ${job === "final" ? "dry run" : job} has ended well`;
}

function windowText({ ms, isOfThisMachine, hasPublishing }: ExpectedWindow): string {
  const machine = isOfThisMachine ? "on this machine" : "on another machine";
  const publishing = hasPublishing
    ? ""
    : ";\n         without publishing, which no run here has measured";
  return `about ${duration(ms)} ${machine}${publishing}`;
}

function diskText(disk: PlannedDisk | null): string[] {
  if (disk === null) return ["unknown: the source is a live archive"];
  const { source, target, log, files, totalBytes, freeBytes } = disk;
  const parts = Object.entries({ source, target, log, files })
    .filter(([, bytes]) => bytes > 0)
    .map(([what, bytes]) => `${what} ${sizeText(bytes)}`);
  const free = freeBytes === null ? "" : `, ${sizeText(freeBytes)} free`;
  const tooLittle = freeBytes !== null && freeBytes < totalBytes ? ": TOO LITTLE" : "";
  return [`at most about ${sizeText(totalBytes)}${free}${tooLittle}`, parts.join(", ")];
}

function workText({ folder, run, resumes, isRunning, others }: PlannedWork): string[] {
  const goesOn =
    resumes === null
      ? `a new run, ${run}`
      : `goes on with ${run}, begun ${dateText(resumes.begun)},\n         attempt ${resumes.attempts + 1}, ${sizeText(resumes.bytes)}`;
  return [
    goesOn,
    folder,
    ...(isRunning ? ["a process works in it now: this run would be refused (75)"] : []),
    ...others.flatMap(({ run: other, begun, changes }) => [
      `beside ${other}, begun ${dateText(begun)}, whose input is another:`,
      ...changes.map((change) => `  ${change}`),
    ]),
  ];
}

function stagesOf({ stages }: JobPlan): string {
  return table(
    [{ title: "stage" }, { title: "about", align: "right" }, { title: "" }],
    stages.map(({ stage, ms, leftOut }) => [
      stage,
      ms === null ? "-" : duration(ms),
      leftOut === null ? "" : `left out: ${leftOut}`,
    ]),
  );
}

function outlook({ refusedBy, nothingNew }: JobPlan): string {
  if (nothingNew !== null) return `has nothing to do: ${nothingNew}`;
  if (refusedBy.length === 0) return "runs";
  return `is refused by the candidate checks ${refusedBy.join(", ")},\nunless it is a dry run`;
}
