// The candidate checks for people: a table that fits beside its block, and below it in full what does not
// fit into a cell.

import { table } from "@forklift/console";
import type { CandidateCheck, CandidateReport } from "../candidate-checks.ts";

/** Of a cell; two of them beside id and answer stay within a hundred columns. */
const CELL_MAX = 36;

export function candidateTable(report: CandidateReport): string {
  const { stateHash, height, globalSlotSinceGenesis, namedBy, checks } = report;
  const rows = checks.map((check) => [
    check.id,
    answerOf(check),
    cell(check.expected),
    cell(check.found),
  ]);
  return [
    `candidate  ${stateHash}`,
    height === null
      ? "           the source does not have it"
      : `           at height ${height}, slot ${globalSlotSinceGenesis} since genesis`,
    `named by   ${namedBy.length === 0 ? "nobody but the options" : namedBy.join(", ")}`,
    "",
    table(
      [{ title: "candidate check" }, { title: "holds" }, { title: "expected" }, { title: "found" }],
      rows,
    ),
    ...checks.flatMap(linesBelow),
  ].join("\n");
}

function answerOf({ ok, demanded }: CandidateCheck): string {
  if (ok === null) return "-";
  if (ok) return "yes";
  return demanded ? "NO" : "no, not demanded";
}

const BELOW = "(below)";

function cell(text: string): string {
  const short = shortened(text);
  return short.length <= CELL_MAX ? short : BELOW;
}

/** Every word about a value in full, where a cell has it shortened or not at all. */
function linesBelow({ id, expected, found }: CandidateCheck): string[] {
  const long = [["expected", expected] as const, ["found", found] as const].filter(
    ([, text]) => cell(text) === BELOW,
  );
  return long.map(([what, text]) => `${id}: ${what} ${text}`);
}

/** A state hash by its beginning and its end: the whole of the candidate's stands above. */
function shortened(text: string): string {
  return text.replaceAll(
    /\b(3N[1-9A-HJ-NP-Za-km-z]{5})[1-9A-HJ-NP-Za-km-z]{39,41}(\w{4})\b/g,
    "$1…$2",
  );
}
