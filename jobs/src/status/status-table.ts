// The status for people.

import { sizeText } from "@forklift/archive";
import { duration, grouped } from "../output/numbers.ts";
import { table } from "../output/table.ts";
import type { Change, Status } from "./status.ts";

/** A message in a column; the whole of it stands in the record. */
const CAUSE_LENGTH_MAX = 60;

export function statusTable(status: Status): string {
  const { network, store, lag, nextRun, faults } = status;
  const lines = [
    `${network} in ${store}`,
    `last success  ${lastSuccessText(status)}`,
    `lag           ${lag === null ? "unknown" : `${grouped(lag.blocks)} blocks at ${time(lag.at)}`}`,
    `duration      ${changeText(status.trend.durationMs, duration)}`,
    `set size      ${changeText(status.trend.setBytes, sizeText)}`,
    `next run      ${nextRun === null ? "by nobody that this configuration knows" : time(nextRun)}`,
    ...faults.map((fault) => `warning       ${fault}`),
  ];
  return [lines.join("\n"), setsTable(status), runsTable(status)].join("\n\n");
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
      time(created),
      sizeText(bytes),
      final ? "final" : "",
    ]),
  );
}

function runsTable({ runs }: Status): string {
  return table(
    [
      { title: "run" },
      { title: "started" },
      { title: "time", align: "right" },
      { title: "height", align: "right" },
      { title: "lag", align: "right" },
      { title: "result" },
    ],
    runs.map(({ recipe, started, durationMs, height, lagBlocks, ...run }) => [
      recipe,
      time(started),
      duration(durationMs),
      height === null ? "-" : grouped(height),
      lagBlocks === null ? "-" : grouped(lagBlocks),
      resultText(run),
    ]),
  );
}

function resultText({
  state,
  exit,
  published,
  cause,
}: Pick<Status["runs"][number], "state" | "exit" | "published" | "cause">): string {
  if (state === "succeeded") return published ? "published" : "nothing published";
  const code = exit === null ? "" : ` ${exit}`;
  const why = cause === null ? "" : `: ${shortened(cause.replaceAll(/\s+/g, " "))}`;
  return `${state}${code}${why}`;
}

function shortened(text: string): string {
  return text.length <= CAUSE_LENGTH_MAX ? text : `${text.slice(0, CAUSE_LENGTH_MAX - 1)}…`;
}

function lastSuccessText({ lastSuccess }: Status): string {
  const parts = Object.entries(lastSuccess).map(([recipe, at]) => `${recipe} ${time(at)}`);
  return parts.length === 0 ? "never" : parts.join(", ");
}

function changeText(change: Change | null, text: (value: number) => string): string {
  if (change === null) return "too few to compare";
  const { last, usual } = change;
  const percent = usual === 0 ? 0 : Math.round((last / usual - 1) * 100);
  return `${text(last)}, usually ${text(usual)} (${percent >= 0 ? "+" : ""}${percent} %)`;
}

/** `2026-11-21T02:00:07.123Z` → `2026-11-21 02:00 UTC`. */
function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
