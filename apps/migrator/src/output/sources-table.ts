// Prints a table of what each source of precomputed blocks delivered, for people.

import { duration, grouped, table } from "@forklift/console";
import type { SourceStatistics } from "@forklift/precomputed";
import { MS_PER_SECOND, sizeText } from "@forklift/system";

const COUNTS = [
  "found",
  "missing",
  "wrong",
  "truncated",
  "unavailable",
  "unusable",
  "retries",
] as const;

export function sourcesTable(sources: readonly SourceStatistics[]): string {
  const titles = [...COUNTS, "size", "time"];
  return table(
    [
      { title: "precomputed blocks from" },
      ...titles.map((title) => ({ title, align: "right" }) as const),
    ],
    sources.map((source) => [
      source.url,
      ...COUNTS.map((count) => grouped(source[count])),
      sizeText(source.bytes),
      duration(source.seconds * MS_PER_SECOND),
    ]),
  );
}
