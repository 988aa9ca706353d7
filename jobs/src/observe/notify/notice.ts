// The text of the notice of a failed run, for operators: one line with the cause, the next step and
// the location of the evidence. Pure.

import { EXIT } from "@forklift/pipeline";
import type { RunRecord } from "@forklift/sets";

/** A line in a chat or on a pager. */
const CAUSE_LENGTH_MAX = 300;

const NOTICE_FORMATS = ["json", "slack"] as const;
export type NoticeFormat = (typeof NOTICE_FORMATS)[number];

/** The generic form; its fields are a contract. */
export interface Notice {
  readonly version: 1;
  readonly event: "run-failed" | "run-crashed";
  readonly network: string;
  readonly recipe: string;
  readonly run: string;
  readonly started: string;
  readonly ended: string;
  /** Null after a crash. */
  readonly exit: number | null;
  /** Whether the same command may succeed later without anybody doing anything. */
  readonly mayTryAgain: boolean;
  readonly cause: string;
  readonly next: string | null;
  readonly evidence: string | null;
}

export function composeNotice(record: RunRecord): Notice {
  const { state, error, exit } = record;
  return {
    version: 1,
    event: state === "crashed" ? "run-crashed" : "run-failed",
    network: record.network,
    recipe: record.recipe,
    run: record.id,
    started: record.started,
    ended: record.ended ?? record.updated,
    exit,
    mayTryAgain: state === "crashed" || exit === EXIT.tryAgain,
    cause: oneLine(error?.message ?? "unknown"),
    next: error?.hint ?? null,
    evidence: record.evidence,
  };
}

export function encodeNotice(notice: Notice, format: NoticeFormat): string {
  return JSON.stringify(format === "slack" ? { text: slackText(notice) } : notice);
}

function slackText({ event, network, recipe, exit, cause, next, evidence }: Notice): string {
  const how = event === "run-crashed" ? "crashed" : `failed with exit code ${exit}`;
  return [
    `:rotating_light: *forklift ${recipe} of ${slackEscaped(network)} ${how}*`,
    slackEscaped(cause),
    ...(next === null ? [] : [`next: ${slackEscaped(next)}`]),
    ...(evidence === null ? [] : [`evidence: ${slackEscaped(evidence)}`]),
  ].join("\n");
}

/** The three characters that Slack reads as its own. */
function slackEscaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function oneLine(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  return line.length <= CAUSE_LENGTH_MAX ? line : `${line.slice(0, CAUSE_LENGTH_MAX - 1)}…`;
}
