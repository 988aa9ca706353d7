// The answer of a verification for people: yes, yes except for what it did not prove, or no.

import type { Answer, NotProven, Verdict } from "@forklift/verifier";

export interface GivenAnswer extends Answer {
  /** Up to this height an interrupted run has looked. */
  readonly resumedAbove?: number | bigint | undefined;
}

/** @param upTo the height at which a verified part ends; null where all was verified. */
function sentenceOf(answer: Verdict, upTo: bigint | null): string {
  switch (answer) {
    case "yes": {
      const sentence = "yes, the target is the history of this chain";
      return upTo === null ? sentence : `${sentence} up to height ${upTo}`;
    }
    case "yes, except":
      return upTo === null ? "yes, except:" : `yes up to height ${upTo}, except:`;
    case "no":
      return "NO";
    case "no answer":
      return "none: checks lacked what they need, and nothing is known against the target";
  }
}

/**
 * The answer behind a title, and what is not proven in the lines below it.
 * @param upTo the height at which a verified part ends; null where all was verified.
 */
export function answerBehind(
  title: string,
  { answer, notProven, resumedAbove }: GivenAnswer,
  upTo: bigint | null = null,
): string[] {
  const resumed =
    resumedAbove === undefined
      ? []
      : [`looked at above height ${resumedAbove}; below it by the interrupted run before this one`];
  const lines = [sentenceOf(answer, upTo), ...notProven.flatMap(claimLines), ...resumed];
  return lines.map((line, index) =>
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
