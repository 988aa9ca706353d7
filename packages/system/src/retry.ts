// Calls that failed in passing, made again after waits that double.

import pRetry from "p-retry";

export interface RetryLimits {
  /** Calls after the first. */
  readonly retriesMax: number;
  readonly retryFirstMs: number;
  readonly retryLastMs: number;
}

/**
 * Only for what may be done twice.
 * @throws what the last call threw.
 */
export async function retry<Result>(
  call: () => Promise<Result>,
  limits: RetryLimits,
  isPassing: (error: unknown) => boolean,
): Promise<Result> {
  const { retriesMax: retries, retryFirstMs: minTimeout, retryLastMs: maxTimeout } = limits;
  return await pRetry(call, {
    ...{ retries, minTimeout, maxTimeout },
    shouldRetry: ({ error }) => isPassing(error),
  });
}

/** How long to wait after so many failures. */
export function waitMsAfter(failures: number, { retryFirstMs, retryLastMs }: RetryLimits): number {
  return Math.min(retryFirstMs * 2 ** (failures - 1), retryLastMs);
}
