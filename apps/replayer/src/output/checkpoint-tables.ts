// Checkpoints, for people.

import { grouped, table } from "@forklift/console";
import type { CheckpointDiff } from "../checkpoint/diff-checkpoints.ts";
import type { ListedCheckpoint } from "../checkpoint/list-checkpoints.ts";
import type { ShownCheckpoint } from "../checkpoint/show-checkpoint.ts";

/** Shown for an unknown value. */
const UNKNOWN = "-";

export function checkpointsTable(checkpoints: readonly ListedCheckpoint[]): string {
  return table(
    [
      { title: "name" },
      { title: "slot", align: "right" },
      { title: "height", align: "right" },
      { title: "accounts", align: "right" },
      { title: "bytes", align: "right" },
      { title: "meta" },
      { title: "ledger hash" },
      { title: "Berkeley ledger hash" },
    ],
    checkpoints.map((checkpoint) => [
      checkpoint.name,
      String(checkpoint.startSlot),
      String(checkpoint.height ?? UNKNOWN),
      checkpoint.accounts === null ? UNKNOWN : grouped(checkpoint.accounts),
      grouped(checkpoint.bytes),
      checkpoint.meta,
      checkpoint.ledgerHash ?? UNKNOWN,
      checkpoint.berkeleyLedgerHash ?? UNKNOWN,
    ]),
  );
}

export function shownCheckpoint(shown: ShownCheckpoint): string {
  const { height, stateHash, isRehashed, faults } = shown;
  const lines: [string, string][] = [
    ["name", shown.name],
    ["network", shown.network ?? UNKNOWN],
    ["start slot", String(shown.startSlot)],
    ["block", height === null ? UNKNOWN : `${stateHash} at height ${height}`],
    ["accounts", `${grouped(shown.accounts)}, ${grouped(shown.timedAccounts)} of them timed`],
    ["balance", `${shown.balance} MINA`],
    ["ledger hash", `${shown.ledgerHash}${isRehashed ? "" : ", by its meta file"}`],
    ["Berkeley ledger hash", shown.berkeleyLedgerHash ?? UNKNOWN],
    ["answer", faults.length === 0 ? "it is what it says" : `NO: ${faults.join("; ")}`],
  ];
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, value]) => `${title.padEnd(width)}  ${value}`).join("\n");
}

export function differencesTable(diff: CheckpointDiff): string {
  const { compared, differingAccounts, differences, misplacedAccounts, misplaced, ok } = diff;
  const columns = [{ title: "account" }, { title: "field" }, { title: "A" }, { title: "B" }];
  const rows = [...differences, ...misplaced].map(({ publicKey, field, expected, found }) => [
    publicKey,
    field,
    found,
    expected,
  ]);
  return [
    ...(ok ? [] : [table(columns, rows), ""]),
    `accounts of B  ${grouped(compared)}`,
    `differing      ${grouped(differingAccounts)}`,
    `elsewhere      ${grouped(misplacedAccounts)}`,
    `answer         ${ok ? "the same accounts at the same indexes" : "they differ"}`,
  ].join("\n");
}
