// What each place of precomputed blocks gave and did not give, as a table.

import { sizeText } from "@forklift/archive";
import type { SourceStatistics } from "@forklift/precomputed";
import { duration, grouped } from "./numbers.ts";
import { table } from "./table.ts";

const MS_PER_SECOND = 1000;

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
