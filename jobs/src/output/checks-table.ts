// A verification, as a table for people.

import { duration, grouped, table } from "@forklift/console";
import { blocksAboveAnchor, type VerificationReport } from "@forklift/verifier";
import { answerBehind } from "../stages/answer-text.ts";

/** Differences of one check that are shown; the JSON has more. */
const DIFFERENCES_MAX = 3;

export function checksTable(report: VerificationReport): string {
  const { anchor, tip, provenBefore, coverage } = report;
  const checks = table(
    [
      { title: "check" },
      { title: "holds" },
      { title: "compared", align: "right" },
      { title: "time", align: "right" },
      { title: "what it checks" },
    ],
    [
      ...report.checks.map(({ id, name, ok, compared, elapsedMs }) => [
        id,
        answerOf(ok, provenBefore !== undefined && compared === 0),
        grouped(compared),
        duration(elapsedMs),
        name,
      ]),
      ...report.dropped.map(({ id, name, needs }) => [
        id,
        "left out",
        "",
        "",
        `${name} (needs: ${needs.join(", ")})`,
      ]),
    ],
  );
  const above = blocksAboveAnchor(report);
  return [
    checks,
    ...differenceLines(report),
    "",
    ...heightLines(report),
    `tip       ${tip.stateHash} at height ${tip.height}`,
    `anchor    ${anchor.stateHash} at height ${anchor.height}, trusted by the ${anchor.vouchedBy}` +
      (above > 0n ? `; the ${above} blocks above it are not trusted` : ""),
    ...(report.derivedGenesis === undefined
      ? []
      : [`genesis   ${report.derivedGenesis}, which the preset derives from ledger and constants`]),
    ...archiveLines(report),
    `columns   ${coverage.proven} of ${coverage.columns} proven` +
      (provenBefore === undefined
        ? ""
        : `, up to height ${provenBefore.height} by the earlier run`),
    ...restLines(report),
    ...report.exceptions.map(
      ({ height, reason }) => `exception the ledger hash at height ${height}: ${reason}`,
    ),
    ...besideLines(report),
    ...answerBehind("answer    ", report, report.archive?.goesOn == null ? null : tip.height),
  ].join("\n");
}

/** How many columns rest on what, and how many signatures were checked. */
function restLines({ coverage: { restsOn }, signatures }: VerificationReport): string[] {
  const counts = new Map<string, number>();
  for (const rest of Object.values(restsOn)) counts.set(rest, (counts.get(rest) ?? 0) + 1);
  if (counts.size === 0) return [];
  const texts = [...counts].map(([rest, count]) => `${rest} ${grouped(count)}`);
  const checked =
    signatures === undefined
      ? ""
      : `; ${grouped(signatures.checked)} of ${grouped(signatures.of)} signatures checked`;
  return [`rest on   ${texts.join(", ")}${checked}`];
}

function answerOf(isYes: boolean, isIdle: boolean): string {
  if (!isYes) return "NO";
  return isIdle ? "nothing new" : "yes";
}

function heightLines({ tip, fromHeight, provenBefore, elapsedMs }: VerificationReport): string[] {
  const isNothingNew = fromHeight > tip.height;
  const range = isNothingNew
    ? `no block above height ${tip.height}`
    : `${fromHeight} to ${tip.height}`;
  const heights = `heights   ${range}, in ${duration(elapsedMs)}`;
  if (provenBefore === undefined) return [heights];
  return [
    heights,
    `trusted   the proof of an earlier run up to height ${provenBefore.height}, by its digests; ` +
      "--full proves it anew",
  ];
}

function besideLines({ beside }: VerificationReport): string[] {
  if (beside === undefined) return [];
  const { orphaned, pending, missing } = beside;
  const lacks = missing === null ? "" : `; of the source's ${missing.missing} are missing`;
  return [`beside    ${orphaned} orphaned and ${pending} pending blocks${lacks}`];
}

function archiveLines({ archive, tip }: VerificationReport): string[] {
  if (archive === undefined) return [];
  const { form, additions, accepted, goesOn } = archive;
  const rows = Object.entries(goesOn?.leftAlone ?? {});
  return [
    `schema    ${form}${additions.length === 0 ? "" : `; besides: ${additions.join(", ")}`}`,
    ...accepted.map(
      ({ what, repair }) =>
        `accepted  ${what}${repair === null ? "" : `; the repair is ${repair}`}`,
    ),
    ...(goesOn === null
      ? []
      : [
          `goes on   above height ${tip.height}: ` +
            goesOn.versions
              .map(
                ({ version, blocks, fromHeight, toHeight }) =>
                  `${grouped(Number(blocks))} of version ${version} at heights ${fromHeight} to ${toHeight}`,
              )
              .join(", "),
          `left alone ${rows.map(([name, count]) => `${name} ${grouped(Number(count))}`).join(", ")}`,
        ]),
  ];
}

function differenceLines({ checks }: VerificationReport): string[] {
  return checks.flatMap(({ id, differences, differenceCount }) => {
    const shown = differences.slice(0, DIFFERENCES_MAX);
    const more = differenceCount - shown.length;
    return [
      ...shown.map(
        ({ table: name, key, column, expected, found }) =>
          `${id}: ${name} ${key} ${column} is ${found}, expected ${expected}`,
      ),
      ...(more > 0 ? [`${id}: and ${more} more`] : []),
    ];
  });
}
