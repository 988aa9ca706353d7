// The plan of a migration, as tables for people.

import { counted, duration, grouped, table } from "@forklift/console";
import type { ServerSettings } from "@forklift/postgres";
import { settingText, sizeText } from "@forklift/system";
import type { BlocksPlan } from "../plan/plan-blocks.ts";
import type { MigrationPlan } from "../plan/plan-migration.ts";
import type { WalkPlan } from "../plan/plan-walk.ts";
import { findingsTable } from "./audit-table.ts";

/** Number of heights of a source that are printed; the JSON document holds them all. */
const RUNS_MAX = 3;
const FILES_MAX = 10;

export function planTable(plan: MigrationPlan): string {
  const { audit } = plan;
  const parts = [
    facts(plan),
    rowsTable(plan),
    plan.walk === null ? placesTable(plan.precomputed) : walkTable(plan.walk),
    serversTable(plan.servers),
    audit.findings.length === 0 ? null : findingsTable(audit),
    plan.warnings.length === 0
      ? null
      : plan.warnings.map((warning) => `warning  ${warning}`).join("\n"),
    filesText(plan.filesToFetch),
    `nothing was written; without --plan the same command ${outlook(plan)}`,
  ];
  return parts.filter((part) => part !== null).join("\n\n");
}

function outlook({ audit, precomputed, branchBlocks }: MigrationPlan): string {
  const { missingCount, isExact } = precomputed;
  if (audit.stoppingCount > 0) {
    return `would not begin: ${counted(audit.stoppingCount, "fault")} of the source to fix first`;
  }
  if (missingCount === null || missingCount === 0) return "migrates";
  const about = isExact ? "" : "about ";
  const missing = `${about}${counted(missingCount, "block")} that no place has`;
  if (branchBlocks.toCopy === 0) return `would stop at the first of ${missing}`;
  return `would stop at the first block of the chain, and leave out those beside it, of ${missing}`;
}

function facts(plan: MigrationPlan) {
  const { network, source, target, range, pendingBlocks, bytes, time } = plan;
  const targetText = {
    missing: "does not exist, will be created",
    empty: "empty, will get the Berkeley schema",
    archive: target.tip === null ? "without blocks" : `stands at height ${target.tip.height}`,
  }[target.state];
  const pending = pendingBlocks === 0 ? "" : `, ${grouped(pendingBlocks)} of them pending`;
  return [
    `network  ${network}`,
    `source   ${source.url ?? "block files alone"}, chain to ${source.tip.stateHash} at height ${source.tip.height}`,
    `target   ${target.url}, ${targetText}`,
    range === null
      ? "blocks   none, the target stands at the tip"
      : `blocks   heights ${range.from} to ${range.to}, ${grouped(range.blocks)}${pending}`,
    ...branchesText(plan),
    `bytes    about ${sizeText(bytes.blockFiles)} of block files, ${sizeText(bytes.target)} of target`,
    `time     about ${duration(time.ms)} at ${time.blocksPerSecond} blocks/s (${time.measured})`,
  ].join("\n");
}

function branchesText({ history, branchBlocks }: MigrationPlan): string[] {
  if (history === "canonical") return [];
  const { toCopy, toAdopt, leftOut } = branchBlocks;
  const parts = [
    `${grouped(toCopy)} to copy`,
    toAdopt === 0 ? "" : `${grouped(toAdopt)} that have become canonical`,
    leftOut === 0
      ? ""
      : `${grouped(leftOut)} left out, for they stand on no block that is migrated`,
  ];
  return [
    `beside   the chain, a history of ${history} blocks: ${parts.filter(Boolean).join(", ")}`,
  ];
}

function rowsTable({ rows }: MigrationPlan): string {
  return table(
    [{ title: "table" }, { title: "rows to write", align: "right" }],
    rows.map((it) => [it.table, `${it.isEstimate ? "about " : ""}${grouped(it.rows)}`]),
  );
}

function placesTable({ places, neededCount, missingCount, isExact }: BlocksPlan): string {
  const total = table(
    [
      { title: "precomputed blocks from" },
      { title: "asked" },
      { title: "blocks", align: "right" },
      { title: "size", align: "right" },
      { title: "heights" },
    ],
    places.map(({ url, asked, blockCount, bytes, heights, remark }) => [
      url,
      asked,
      `${asked === "listed" ? "" : "about "}${grouped(blockCount)}`,
      bytes === null ? "?" : sizeText(bytes),
      remark ?? runsText(heights ?? []),
    ]),
  );
  const missing =
    missingCount === null
      ? "the number of missing ones is known after a run only"
      : `${isExact ? "" : "about "}${grouped(missingCount)} are missing everywhere`;
  const lines = [total, ...spaceLines(places), `${grouped(neededCount)} are needed, ${missing}`];
  return lines.join("\n");
}

function walkTable({ places, blocks, heightsWithoutFile, ...walk }: WalkPlan): string {
  const listed = table(
    [
      { title: "block files in" },
      { title: "listed" },
      { title: "files", align: "right" },
      { title: "size", align: "right" },
    ],
    places.map(({ url, isListed, files, bytes, remark }) => [
      url,
      isListed ? "yes" : (remark ?? "no"),
      isListed ? grouped(files) : "?",
      isListed ? sizeText(bytes) : "?",
    ]),
  );
  const found = walk.files === null ? "" : ` along ${grouped(walk.files)} files of their heights`;
  const missing =
    heightsWithoutFile === null
      ? "how many are missing is known after the walk only"
      : `${counted(heightsWithoutFile, "height")} without a file`;
  const time = `about ${duration(walk.ms)} at ${walk.blocksPerSecond} blocks/s (${walk.measured})`;
  return `${listed}\nthe walk down ${counted(blocks, "block")}${found} takes ${time}\n${missing}`;
}

function spaceLines(places: BlocksPlan["places"]): string[] {
  return places.flatMap(({ url, space }) => {
    if (space === null) return [];
    const size = space.bytes === null ? "as much as the bundle has" : sizeText(space.bytes);
    return [`${url} takes about ${size} in ${space.folder}`];
  });
}

function runsText(runs: readonly (readonly [number, number])[]): string {
  const told = runs.slice(0, RUNS_MAX).map(([from, to]) => (from === to ? from : `${from}-${to}`));
  const more = runs.length > RUNS_MAX ? ` and ${runs.length - RUNS_MAX} more runs` : "";
  return runs.length === 0 ? "" : `heights ${told.join(", ")}${more}`;
}

function serversTable(servers: readonly ServerSettings[]): string {
  const readable = (bytes: number | null, text: (bytes: number) => string) =>
    bytes === null ? "not readable" : text(bytes);
  return table(
    [
      { title: "server" },
      { title: "version" },
      { title: "database", align: "right" },
      { title: "max_wal_size", align: "right" },
      { title: "shared_buffers", align: "right" },
      { title: "free", align: "right" },
    ],
    servers.map((it) => [
      it.role,
      it.version,
      readable(it.databaseBytes, sizeText),
      readable(it.maxWalBytes, settingText),
      readable(it.sharedBuffersBytes, settingText),
      it.freeBytes === null ? `not readable: ${it.freeUnreadable}` : sizeText(it.freeBytes),
    ]),
  );
}

export function filesText(files: readonly string[]): string | null {
  if (files.length === 0) return null;
  const more =
    files.length > FILES_MAX ? [`  and ${files.length - FILES_MAX} more; --json lists them`] : [];
  return ["files to fetch", ...files.slice(0, FILES_MAX).map((file) => `  ${file}`), ...more].join(
    "\n",
  );
}
