// Posts a notice to a webhook.

import { setTimeout } from "node:timers/promises";
import { authorizationOf } from "@forklift/pipeline";
import type { Config } from "../config/schema.ts";
import type { Log } from "../output/log.ts";
import type { RunRecord } from "../run-record/run-record.ts";
import { composeNotice, encodeNotice } from "./notice.ts";
import { redact, secretsOfWebhook } from "./redact.ts";

export interface NoticeLimits {
  readonly attemptsMax: number;
  readonly timeoutMs: number;
  /** Doubles from one attempt to the next. */
  readonly firstWaitMs: number;
}

/** In all, a job's end is held up for half a minute at most. */
export const NOTICE_LIMITS: NoticeLimits = { attemptsMax: 3, timeoutMs: 8_000, firstWaitMs: 1_000 };

/** 4xx other than these says that the request is wrong, and would be again. */
const isRetried = (status: number) => status === 408 || status === 429 || status >= 500;

/** Never fails: a job does not end otherwise for its monitoring. */
export async function sendNotice(
  { webhook, format }: NonNullable<Config["notify"]>,
  record: RunRecord,
  { log, limits = NOTICE_LIMITS }: { readonly log: Log; readonly limits?: NoticeLimits },
): Promise<boolean> {
  const body = encodeNotice(composeNotice(record), format);
  const { url, headers } = splitUserInfo(webhook);
  let fault = "";
  for (let attempt = 1; attempt <= limits.attemptsMax; attempt++) {
    if (attempt > 1) await setTimeout(limits.firstWaitMs * 2 ** (attempt - 2));
    try {
      const { ok, status } = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
        // Following one would turn the POST into a GET without a body.
        redirect: "manual",
        signal: AbortSignal.timeout(limits.timeoutMs),
      });
      if (ok) return true;
      fault = `it answered ${status}`;
      if (!isRetried(status)) break;
    } catch (error) {
      const { message, cause } = error as Error;
      fault = cause instanceof Error ? cause.message : message;
    }
  }
  const told = redact(fault, [webhook, url.href, ...secretsOfWebhook(webhook)]) as string;
  log.warn({ run: record.id, webhook: url.origin }, `nobody was told: ${told}`);
  return false;
}

/** `fetch` takes no URL with a user in it; programs that do send this header. */
function splitUserInfo(webhook: string) {
  const url = new URL(webhook);
  const headers = authorizationOf(url);
  url.username = "";
  url.password = "";
  return { url, headers };
}
