// Pairs the rows that a source has with those that there should be, the surest pairs first. Pure.

import type { SourceTexts } from "@forklift/archive";

export interface RowPair {
  /** Null where the source lacks the row. */
  readonly found: SourceTexts | null;
  /** Null where it has one too many. */
  readonly expected: SourceTexts | null;
}

/** By what two rows are one, in the order in which that is tried. */
type Likeness = (row: SourceTexts) => string;

/** Every row stands in one pair. */
export function pairRows(
  found: readonly SourceTexts[],
  expected: readonly SourceTexts[],
  likenesses: readonly Likeness[],
): RowPair[] {
  const pairs: RowPair[] = [];
  let openFound = [...found];
  let openExpected = [...expected];
  for (const likeness of likenesses) {
    const waiting = new Map<string, SourceTexts[]>();
    for (const row of openFound) {
      const name = likeness(row);
      waiting.set(name, [...(waiting.get(name) ?? []), row]);
    }
    const taken = new Set<SourceTexts>();
    openExpected = openExpected.filter((row) => {
      const partner = waiting.get(likeness(row))?.shift();
      if (partner === undefined) return true;
      taken.add(partner);
      pairs.push({ found: partner, expected: row });
      return false;
    });
    openFound = openFound.filter((row) => !taken.has(row));
  }
  return [
    ...pairs,
    ...openExpected.map((row) => ({ found: null, expected: row })),
    ...openFound.map((row) => ({ found: row, expected: null })),
  ];
}

export function likeIn(...names: readonly string[]): Likeness {
  return (row) => JSON.stringify(names.map((name) => row[name]));
}
