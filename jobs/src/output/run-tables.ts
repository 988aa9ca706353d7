// Unfinished runs for people.

import { table } from "@forklift/console";
import { dateText, sizeText } from "@forklift/system";
import type { UnfinishedRun } from "../run/unfinished-runs.ts";

export function unfinishedTable(runs: readonly UnfinishedRun[]): string {
  return table(
    [
      { title: "unfinished run" },
      { title: "begun" },
      { title: "attempts", align: "right" },
      { title: "size", align: "right" },
      { title: "state" },
    ],
    runs.map(({ id, begun, attempts, bytes, state }) => [
      id,
      begun === null ? "-" : dateText(begun),
      attempts === null ? "-" : String(attempts),
      sizeText(bytes),
      state,
    ]),
  );
}

/** All that is known of one. */
export function unfinishedText({ input, ...run }: UnfinishedRun): string {
  const { id, state, begun, attempts, folder, bytes } = run;
  const lines: [string, string][] = [
    [state, id],
    ["begun", begun === null ? "unknown" : dateText(begun)],
    ["attempts", attempts === null ? "unknown" : String(attempts)],
    ["folder", folder],
    ["size", sizeText(bytes)],
    ...Object.entries(input ?? {}).map(([name, value]): [string, string] => [name, value ?? "-"]),
  ];
  return lines.map(([name, value]) => `${name.padEnd(13)} ${value}`).join("\n");
}
