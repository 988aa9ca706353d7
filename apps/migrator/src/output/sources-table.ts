// Prints a table of what each source of precomputed blocks delivered, for people.

import { duration, grouped, table } from "@forklift/console";
import type { SourceStatistics } from "@forklift/precomputed";
import { MS_PER_SECOND, sizeText } from "@forklift/system";

const COUNTS = [
  "found",
  "agreed",
  "differed",
  "missing",
  "wrong",
  "truncated",
  "unavailable",
  "unusable",
  "retries",
] as const;

/** Only where several were asked to agree. */
const OF_AGREEMENT: ReadonlySet<string> = new Set(["agreed", "differed"]);

export function sourcesTable(sources: readonly SourceStatistics[]): string {
  const counts = COUNTS.filter(
    (count) => !OF_AGREEMENT.has(count) || sources.some((source) => source[count] > 0),
  );
  const titles = [...counts, "size", "time"];
  return table(
    [
      { title: "precomputed blocks from" },
      ...titles.map((title) => ({ title, align: "right" }) as const),
    ],
    sources.map((source) => [
      source.url,
      ...counts.map((count) => grouped(source[count])),
      sizeText(source.bytes),
      duration(source.seconds * MS_PER_SECOND),
    ]),
  );
}
