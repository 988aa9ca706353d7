// What a run has healed: each case is told to the operator, counted by what settled it, and the first are reported.

import type { Healed } from "@forklift/archive";
import type { StageReport } from "@forklift/pipeline";

/** Warnings, and cases of the report. Whoever has more of them has the same fault many times. */
const TOLD_MAX = 100;

/** Of a value in a warning or a report: that of a source may be of any length. */
const VALUE_CHARACTERS_MAX = 200;

export class HealedCases {
  readonly #warn: (message: string) => void;
  readonly #counts = new Map<string, number>();
  readonly #first: Healed[] = [];

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  add(cases: readonly Healed[]): void {
    for (const healed of cases) {
      this.#counts.set(healed.settledBy, (this.#counts.get(healed.settledBy) ?? 0) + 1);
      if (this.#first.length === TOLD_MAX) continue;
      const shown = { ...healed, ofSource: shownValue(healed.ofSource) };
      this.#first.push(shown);
      this.#warn(`healed: ${healedText(healed)}`);
    }
  }

  tellRest(): void {
    const rest = this.count - this.#first.length;
    if (rest > 0) this.#warn(`${rest} more values of the source are healed`);
  }

  get count(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Nothing of a run that has healed nothing. */
  summary(): Pick<StageReport, "details" | "healed"> {
    if (this.count === 0) return {};
    const bySettlement = [...this.#counts].map(
      ([by, count]) => [`healed by ${by}`, count] as const,
    );
    return {
      details: { healed: this.count, ...Object.fromEntries(bySettlement) },
      healed: this.#first,
    };
  }
}

/** Plain text of one line, whatever the source has. */
export function healedText(healed: Healed): string {
  const { table, key, column, ofSource, ofFile, settledBy } = healed;
  return (
    `${shownValue(key)}: the source has ${table}.${column} ${shownValue(ofSource)}, taken is ${ofFile} of the block ` +
    `file, settled by: ${settledBy}`
  );
}

/** As JSON writes it where it is not plain text: it may be meant for a terminal. */
function shownValue(text: string): string {
  const isPlain = /^[\x20-\x7e]*$/.test(text);
  const shown = isPlain ? text : JSON.stringify(text);
  return shown.length <= VALUE_CHARACTERS_MAX ? shown : `${shown.slice(0, VALUE_CHARACTERS_MAX)}…`;
}
