// The answer of a verification for people: yes, yes except for what it did not prove, or no.

import type { Answer, NotProven, Verdict } from "@forklift/verifier";

const SENTENCES: Readonly<Record<Verdict, string>> = {
  yes: "yes, the target is the history of this chain",
  "yes, except": "yes, except:",
  no: "NO",
  "no answer": "none: checks lacked what they need, and nothing is known against the target",
};

export interface GivenAnswer extends Answer {
  /** Up to this height an interrupted run has looked. */
  readonly resumedAbove?: number | bigint | undefined;
}

/** The answer as a line, and what is not proven in the lines after it. */
function answerLines({ answer, notProven, resumedAbove }: GivenAnswer): string[] {
  const resumed =
    resumedAbove === undefined
      ? []
      : [`looked at above height ${resumedAbove}; below it by the interrupted run before this one`];
  return [SENTENCES[answer], ...notProven.flatMap(claimLines), ...resumed];
}

/** Behind a title, the further lines below the first. */
export function answerBehind(title: string, given: GivenAnswer): string[] {
  return answerLines(given).map((line, index) =>
    index === 0 ? `${title}${line}` : `${" ".repeat(title.length)}${line}`,
  );
}

function claimLines({ claim, why, columns }: NotProven): string[] {
  return [`- ${claim}: ${why}`, ...columnLines(columns)];
}

/** A line for each table. */
function columnLines(names: readonly string[]): string[] {
  const tables = new Map<string, string[]>();
  for (const name of names) {
    const [table, column] = name.split(".") as [string, string];
    tables.set(table, [...(tables.get(table) ?? []), column]);
  }
  return [...tables].map(([table, columns]) => `    ${table}: ${columns.join(", ")}`);
}
