// The status for people.

import { duration, grouped, table } from "@forklift/console";
import type { RunProgress } from "@forklift/sets";
import { dateText, sizeText } from "@forklift/system";
import type { RehearsalChange } from "../run/rehearsals.ts";
import type { Change, RunLine, Status } from "../run/status.ts";
import { unfinishedTable } from "./run-tables.ts";

export function statusTable(status: Status): string {
  const { network, store, lag, nextRun, faults } = status;
  const lines = [
    `${network} in ${store}`,
    `last success  ${lastSuccessText(status)}`,
    `lag           ${lag === null ? "unknown" : `${grouped(lag.blocks)} blocks at ${dateText(lag.at)}`}`,
    `duration      ${changeText(status.trend.durationMs, duration)}`,
    `set size      ${changeText(status.trend.setBytes, sizeText)}`,
    `next run      ${nextRun === null ? "by nobody that this configuration knows" : dateText(nextRun)}`,
    ...followLines(status),
    ...faults.map((fault) => `warning       ${fault}`),
  ];
  const told = status.runs.flatMap(runText);
  const unfinished = status.unfinished.length === 0 ? [] : [unfinishedTable(status.unfinished)];
  const rehearsals = status.rehearsals.runs.length === 0 ? [] : [rehearsalTable(status)];
  const tables = [setsTable(status), runsTable(status), ...rehearsals, ...unfinished];
  return [lines.join("\n"), ...tables, ...told].join("\n\n");
}

function followLines({ follow }: Pick<Status, "follow">): string[] {
  if (follow === null) return [];
  const { state, height, lagBlocks, pending, at } = follow;
  const behind = `${grouped(lagBlocks)} blocks behind`;
  const { provenTo, blocks, differences, cutAt } = pending;
  const cut = cutAt === undefined ? "" : `; those from height ${grouped(cutAt)} on are left out`;
  return [
    `follow        ${state}, height ${grouped(height)}, ${behind}, as of ${dateText(at)}`,
    `pending       ${grouped(blocks)} blocks, proven to height ${grouped(provenTo)}; ${grouped(differences)} differ${cut}`,
  ];
}

function setsTable({ sets }: Status): string {
  return table(
    [
      { title: "set" },
      { title: "height", align: "right" },
      { title: "published" },
      { title: "size", align: "right" },
      { title: "kind" },
    ],
    sets.map(({ name, height, created, bytes, final }) => [
      name,
      grouped(height),
      dateText(created),
      sizeText(bytes),
      final ? "final" : "",
    ]),
  );
}

export function runsTable({ runs }: Pick<Status, "runs">): string {
  return table(
    [
      { title: "run" },
      { title: "started" },
      { title: "time", align: "right" },
      { title: "height", align: "right" },
      { title: "lag", align: "right" },
      { title: "result" },
      { title: "id" },
    ],
    runs.map(({ recipe, started, durationMs, height, lagBlocks, ...run }) => [
      recipe,
      dateText(started),
      duration(durationMs),
      height === null ? "-" : grouped(height),
      lagBlocks === null ? "-" : grouped(lagBlocks),
      resultText(run),
      run.id,
    ]),
  );
}

/** What the last dry run of final took, beside those before it. */
function rehearsalTable({ rehearsals: { runs, durationMs, stages } }: Status): string {
  const row = (name: string, { last, usual }: RehearsalChange) => [
    name,
    duration(last),
    usual === null ? "-" : duration(usual),
    usual === null ? "-" : percentText(last, usual),
  ];
  return table(
    [
      { title: `rehearsal of ${dateText(runs[0]!.ended)}` },
      { title: "time", align: "right" },
      { title: `usually (${runs.length - 1} before)`, align: "right" },
      { title: "change", align: "right" },
    ],
    [...stages.map(({ stage, ...change }) => row(stage, change)), row("in all", durationMs!)],
  );
}

function resultText({
  state,
  exit,
  published,
}: Pick<RunLine, "state" | "exit" | "published">): string {
  if (state === "succeeded") return published ? "published" : "nothing published";
  return exit === null ? state : `${state} ${exit}`;
}

/** What there is to say of a run beside its line in the table: none of it is cut. */
export function runText({
  id,
  state,
  progress,
  updated,
  cause,
  next,
  evidence,
}: RunLine): string[] {
  if (state === "succeeded") return [];
  const stage = progress === null ? "unknown" : stageText(progress);
  if (state === "running") {
    return [[`${state} ${id}`, `stage         ${stage}, at ${dateText(updated)}`].join("\n")];
  }
  const lines = [
    `${state} ${id}`,
    `stage         ${stage}`,
    `cause         ${indented(cause ?? "unknown")}`,
    `next          ${indented(next ?? "see the evidence")}`,
    `evidence      ${evidence ?? "none was kept"}`,
  ];
  return [lines.join("\n")];
}

function stageText({ stage, index, count, done, total, unit }: RunProgress): string {
  const step = `${index}/${count} ${stage}`;
  if (done === null) return step;
  if (total === null) return `${step}  ${grouped(done)} ${unit}`;
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  return `${step}  ${grouped(done)}/${grouped(total)} ${unit} (${percent} %)`;
}

/** A text of several lines, below the first of which the others begin. */
function indented(text: string): string {
  return text.trim().replaceAll(/\n\s*/g, `\n${" ".repeat(14)}`);
}

function lastSuccessText({ lastSuccess }: Status): string {
  const parts = Object.entries(lastSuccess).map(([recipe, at]) => `${recipe} ${dateText(at)}`);
  return parts.length === 0 ? "never" : parts.join(", ");
}

function changeText(change: Change | null, text: (value: number) => string): string {
  if (change === null) return "too few to compare";
  const { last, usual } = change;
  return `${text(last)}, usually ${text(usual)} (${percentText(last, usual)})`;
}

function percentText(last: number, usual: number): string {
  const percent = usual === 0 ? 0 : Math.round((last / usual - 1) * 100);
  return `${percent >= 0 ? "+" : ""}${percent} %`;
}
