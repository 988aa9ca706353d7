// What `forklift store` prints, for people and for programs.

import type { Outcome } from "@forklift/console";
import { counted, grouped, table } from "@forklift/console";
import type { Leftover, ListedSet, PrunePlan, StoreContents } from "@forklift/sets";
import { dateText, sizeText } from "@forklift/system";
import { answerBehind } from "../stages/answer-text.ts";

export function contentsTable(url: string, contents: readonly StoreContents[]): string {
  const rows = contents.flatMap(({ sets }) =>
    sets.map((listed) => [
      grouped(listed.height),
      listed.set.manifest === null ? "-" : dateText(listed.set.manifest.created),
      sizeText(listed.bytes),
      stateOf(listed),
      listed.set.name,
    ]),
  );
  const sets = table(
    [
      { title: "height", align: "right" },
      { title: "made" },
      { title: "size", align: "right" },
      { title: "state" },
      { title: "set" },
    ],
    rows,
  );
  const leftovers = contents.flatMap((it) => it.leftovers);
  return [`${url}/`, sets, ...(leftovers.length === 0 ? [] : [leftoverText(leftovers)])].join("\n");
}

function stateOf({ set, isLatest }: ListedSet): string {
  if (set.fault !== null) return set.isOfLater ? set.fault : `torn: ${set.fault}`;
  return ["complete", set.manifest.final ? "final" : "", isLatest ? "latest" : ""]
    .filter((word) => word !== "")
    .join(", ");
}

function leftoverText(leftovers: readonly Leftover[]): string {
  const bytes = leftovers.reduce((sum, it) => sum + it.bytes, 0n);
  const unfinished = leftovers.filter(({ isUnfinished }) => isUnfinished).length;
  const killed = unfinished === 0 ? "" : ` (${unfinished} unfinished, of runs that were killed)`;
  return (
    `${counted(leftovers.length, "object")} of no complete set${killed}, ${sizeText(bytes)}; ` +
    "forklift store prune --leftovers removes them"
  );
}

export function leftoverJson({ name, bytes, isUnfinished }: Leftover) {
  return { name, bytes: Number(bytes), unfinished: isUnfinished };
}

export function setJson({ set, height, bytes, isLatest }: ListedSet) {
  return {
    set: set.name,
    height,
    created: set.manifest?.created ?? null,
    final: set.manifest?.final ?? null,
    bytes: Number(bytes),
    state: set.fault === null ? "complete" : "torn",
    fault: set.fault,
    latest: isLatest,
  };
}

export function describeSet(url: string, listed: ListedSet): string {
  const { name, manifest, fault } = listed.set;
  const lines = [`${url}/${name}`, `state        ${stateOf(listed)}`];
  if (manifest === null) return lines.join("\n");
  const { anchor, verification, source } = manifest;
  const compared = verification.checks.reduce((sum, check) => sum + check.compared, 0);
  return [
    ...lines,
    `network      ${manifest.network}`,
    `block        ${manifest.stateHash} at height ${grouped(manifest.height)}`,
    `made         ${dateText(manifest.created)} by forklift ${manifest.forkliftVersion}`,
    `from         ${source.name}, tip ${source.tip.stateHash} at ${grouped(source.tip.height)}`,
    `anchor       ${anchor.stateHash} at ${grouped(anchor.height)}, by the ${anchor.vouchedBy}`,
    `ledger hash  ${manifest.preForkLedgerHash} (pre-fork)`,
    `             ${manifest.berkeleyLedgerHash} (Berkeley)`,
    `verified     ${counted(verification.checks.length, "check")}, ${counted(compared, "comparison")}`,
    ...(verification.answer === undefined
      ? []
      : answerBehind("answer       ", {
          answer: verification.answer,
          notProven: verification.notProven ?? [],
        })),
    `exceptions   ${manifest.exceptions.length}`,
    "",
    table(
      [{ title: "role" }, { title: "size", align: "right" }, { title: "file" }],
      manifest.files.map((file) => [file.role, sizeText(file.bytes), file.name]),
    ),
    ...(fault === null ? [] : ["", `torn: ${fault}`]),
  ].join("\n");
}

export function describePrune(url: string, plan: PrunePlan, isDone: boolean): Outcome {
  const { decisions, newest, remove, removeBytes, changeClass, lacksClasses } = plan;
  const rows = decisions.map(({ set, action, reasons, storageClass }) => [
    grouped(set.manifest.height),
    dateText(set.manifest.created),
    action,
    reasons.join(", "),
    storageClass ?? "",
  ]);
  const columns = [
    { title: "height", align: "right" },
    { title: "made" },
    { title: "action" },
    { title: "why" },
    { title: "class" },
  ] as const;
  const words = isDone ? "removed" : "would remove";
  const text = [
    `${url}/`,
    ...(rows.length === 0 ? [] : [table(columns, rows), ""]),
    ...(rows.length === 0 && newest !== null ? ["every set stays"] : []),
    `${words} ${counted(remove.length, "object")}, ${sizeText(removeBytes)}` +
      (changeClass.length === 0 ? "" : `; ${changeClass.length} change their storage class`),
    ...(lacksClasses
      ? ["objects of this store have no storage class; that rule does nothing"]
      : []),
    ...(newest === null ? ["no set is whole, so none is removed"] : []),
    ...(isDone ? [] : ["nothing was done; --yes does it"]),
  ].join("\n");
  return {
    text,
    json: {
      ...{ ok: true, store: url, done: isDone },
      sets: decisions.map(({ set, action, reasons, storageClass }) => ({
        ...{ set: set.name, height: set.manifest.height, created: set.manifest.created },
        ...{ action, reasons, storageClass },
      })),
      ...{ remove, removeBytes: Number(removeBytes), changeClass, lacksClasses },
    },
  };
}
