// What makes two runs the same: the job, and everything that its result comes from.

import { createHash } from "node:crypto";
import type { RecipeName } from "@forklift/sets";

/** Named values, as texts that a person reads: `source`, `stop`, `set`. Null where there is none. */
export type RunInput = Readonly<Record<string, string | null>>;

export interface RunKey {
  readonly network: string;
  readonly job: RecipeName;
  readonly input: RunInput;
}

/** As many as tell the runs of a machine apart. */
const DIGITS = 10;

/** The same text for the same key: `prime-1f0a2b3c4d`. It stands in the names of folders and databases. */
export function workIdOf({ network, job, input }: RunKey): string {
  const sorted = Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([network, job, sorted]);
  return `${job}-${createHash("sha256").update(text).digest("hex").slice(0, DIGITS)}`;
}

/** What of the input is another, as `stop: height 70 instead of none`. */
export function changesOf(now: RunInput, before: RunInput): string[] {
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])];
  return names.flatMap((name) => {
    const [is, was] = [now[name] ?? "none", before[name] ?? "none"];
    return is === was ? [] : [`${name}: ${is} instead of ${was}`];
  });
}
