// Posts a notice to a webhook.

import type { Log } from "@forklift/console";
import { redact, secretsOfWebhook } from "@forklift/console";
import type { RunRecord } from "@forklift/sets";
import { httpFetch } from "@forklift/storage";
import { authorizationOf, type RetryLimits, retry } from "@forklift/system";
import type { Config } from "../../config/schema.ts";
import { composeNotice, encodeNotice } from "./notice.ts";

export interface NoticeLimits extends RetryLimits {
  readonly timeoutMs: number;
}

export interface NoticeOptions {
  readonly log: Log;
  readonly limits?: NoticeLimits;
  /** Default: through the proxies of the environment. */
  readonly send?: typeof httpFetch;
}

/** In all, a job's end is held up for half a minute at most. */
const NOTICE_LIMITS: NoticeLimits = {
  retriesMax: 2,
  retryFirstMs: 1_000,
  retryLastMs: 2_000,
  timeoutMs: 8_000,
};

/** 4xx other than these says that the request is wrong, and would be again. */
const isRetried = (status: number) => status === 408 || status === 429 || status >= 500;

/** Never fails: a job does not end otherwise for its monitoring. */
export async function sendNotice(
  { webhook, format }: NonNullable<Config["notify"]>,
  record: RunRecord,
  { log, limits = NOTICE_LIMITS, send = httpFetch }: NoticeOptions,
): Promise<boolean> {
  const body = encodeNotice(composeNotice(record), format);
  const { url, headers } = splitUserInfo(webhook);
  const post = async () => {
    const { ok, status } = await send(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      // Following one would turn the POST into a GET without a body.
      redirect: "manual",
      signal: AbortSignal.timeout(limits.timeoutMs),
    });
    if (!ok) throw new RefusedNotice(status);
  };
  const isPassing = (error: unknown) =>
    !(error instanceof RefusedNotice) || isRetried(error.status);
  try {
    await retry(post, limits, isPassing);
    return true;
  } catch (error) {
    const fault = faultOf(error);
    const told = redact(fault, [webhook, url.href, ...secretsOfWebhook(webhook)]) as string;
    log.warn({ run: record.id, webhook: url.origin }, `nobody was told: ${told}`);
    return false;
  }
}

class RefusedNotice extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`it answered ${status}`);
    this.status = status;
  }
}

function faultOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

/** `fetch` takes no URL with a user in it; programs that do send this header. */
function splitUserInfo(webhook: string) {
  const url = new URL(webhook);
  const headers = authorizationOf(url);
  url.username = "";
  url.password = "";
  return { url, headers };
}
