// The HTTP client for web servers: connections are kept, failures are retried, everything is
// bounded.

import { type Dispatcher, EnvHttpProxyAgent, interceptors, Pool } from "undici";
import type { RateLimits } from "./lowest-rate.ts";
import { requireProxies } from "./proxies.ts";

/** Milliseconds, except for the counts. */
export interface HttpLimits extends RateLimits {
  readonly connectTimeoutMs: number;
  /** From the request to the first byte of the answer. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of a body. */
  readonly bodyTimeoutMs: number;
  readonly retriesMax: number;
  readonly retryFirstMs: number;
  /** Also bounds what a server may ask for by `Retry-After`. */
  readonly retryLastMs: number;
  readonly redirectsMax: number;
}

export const HTTP_LIMITS: HttpLimits = {
  // A server that is up answers within a second; ten allow for a slow name server as well.
  connectTimeoutMs: 10_000,
  // Buckets answer in tens of milliseconds. Half a minute is a stuck server, not a slow one.
  headersTimeoutMs: 30_000,
  bodyTimeoutMs: 30_000,
  // 1 kB a second: a tenth of the slowest line that anybody would lift an archive over.
  rateWindowMs: 60_000,
  rateBytesMin: 60_000,
  // 0.3 + 0.6 + 1.2 + 2.4 + 4.8 s: outlives a restart behind a load balancer, not an outage.
  retriesMax: 5,
  retryFirstMs: 300,
  retryLastMs: 10_000,
  // Release pages redirect twice; more is a loop.
  redirectsMax: 5,
};

/** Connections to one server. Block files are fetched in parallel, a bucket takes far more. */
const CONNECTIONS_MAX = 64;

export const RETRIED_STATUSES: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

export const RETRIED_CODES: readonly string[] = [
  "ECONNRESET",
  "ECONNREFUSED",
  "EAI_AGAIN",
  "ENOTFOUND",
  "ENETDOWN",
  "ENETUNREACH",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
];

/**
 * Connections that wait no longer than they may, through the proxies that the environment names. Nothing
 * is tried again.
 * @throws ConfigError for a proxy that is none.
 */
export function httpAgent(limits: HttpLimits): Dispatcher {
  requireProxies(process.env);
  const { connectTimeoutMs, headersTimeoutMs: headersTimeout, bodyTimeoutMs: bodyTimeout } = limits;
  return new EnvHttpProxyAgent({
    connections: CONNECTIONS_MAX,
    connect: { timeout: connectTimeoutMs },
    headersTimeout,
    bodyTimeout,
    proxyTls: { timeout: connectTimeoutMs },
    // As curl does: only what is encrypted goes through a tunnel.
    proxyTunnel: false,
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout }),
  });
}

/** Downloads begun, and the requests that they took. */
export interface RequestTally {
  downloads: number;
  requests: number;
}

export interface RetryOptions {
  /** Counts every try; where a redirect leads to is part of the try. */
  readonly tally: RequestTally;
  /** See every single request, also those that continue another. */
  readonly innermost?: readonly Dispatcher.DispatcherComposeInterceptor[];
}

/**
 * A truncated body is continued by a Range request, guarded by its ETag. The retry is outermost:
 * a continued download queries the redirecting server again, whose signed target may have expired.
 */
export function withRetries(
  { agent, limits }: HttpClient,
  { tally, innermost = [] }: RetryOptions,
): Dispatcher {
  return agent.compose(
    ...innermost,
    interceptors.redirect({ maxRedirections: limits.redirectsMax }),
    (dispatch) => (options, handler) => {
      tally.requests++;
      return dispatch(options, handler);
    },
    interceptors.retry({
      maxRetries: limits.retriesMax,
      minTimeout: limits.retryFirstMs,
      maxTimeout: limits.retryLastMs,
      statusCodes: [...RETRIED_STATUSES],
      errorCodes: [...RETRIED_CODES],
    }),
  );
}

/** Connections, and how patient to be with them. */
export interface HttpClient {
  readonly agent: Dispatcher;
  readonly limits: HttpLimits;
}

export function httpClient(limits: HttpLimits): HttpClient {
  return { agent: httpAgent(limits), limits };
}

let shared: HttpClient | undefined;

/** One pool of connections for all stores; it holds no socket until it is used. */
export function sharedClient(): HttpClient {
  shared ??= httpClient(HTTP_LIMITS);
  return shared;
}
