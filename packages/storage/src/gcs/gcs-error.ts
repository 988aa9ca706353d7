// Turns errors of Google Cloud Storage and its client into forklift's typed errors.

import { ConfigError, ForkliftError, TryAgainError } from "@forklift/pipeline";
import { tlsFaultOf } from "@forklift/system";
import { isBrokenConnection, statusOf } from "../passing-failure.ts";

export const ACCESS_HINT =
  "check GOOGLE_APPLICATION_CREDENTIALS or the workload identity, and the account's roles on the bucket";

/** An unexpected answer to a request of our own. */
export class UnexpectedAnswer extends Error {
  readonly status: number;

  constructor(status: number, body: string) {
    super(`answered ${status} ${sentenceIn(body)}`.trim());
    this.name = "UnexpectedAnswer";
    this.status = status;
  }
}

/** What the service refuses by its own rules, whatever the account may do: known by its sentence. */
const RULES: readonly (readonly [said: RegExp, hint: string])[] = [
  [
    /requester pays|user project/i,
    "the bucket bills whoever asks: switch requester pays off, or have the objects in another bucket",
  ],
  [
    /retention (policy|period)|object retention/i,
    "wait until the retention has ended, or shorten it: the sets that are pruned must be older",
  ],
  [
    /\bhold\b/i,
    "release the hold on the object (gcloud storage objects update --no-temporary-hold, --no-event-based-hold)",
  ],
];

/** Null for a refusal that is none by a rule of the bucket's. */
export function ruleError(said: string, doing: string, cause?: unknown): ConfigError | null {
  const rule = RULES.find(([words]) => words.test(said));
  if (rule === undefined) return null;
  return new ConfigError(`cannot ${doing}: ${sentenceIn(said)}`, { cause, hint: rule[1] });
}

/** What the service said, where the library below the client tells of the status alone. */
function saidIn(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const { data } = (error as { response?: { data?: unknown } } | null)?.response ?? {};
  if (data === undefined || data === null || data === "") return message;
  return sentenceIn(typeof data === "string" ? data : JSON.stringify(data)) || message;
}

/** The service answers in JSON, in XML or in plain text. */
function sentenceIn(said: string): string {
  try {
    const { error } = JSON.parse(said) as { readonly error?: { readonly message?: unknown } };
    if (typeof error?.message === "string") return error.message;
  } catch {
    // Then it is one of the others.
  }
  const details = /<Details>([^<]*)<|<Message>([^<]*)</.exec(said);
  return (details?.[1] ?? details?.[2] ?? said).trim().slice(0, 500);
}

/** The error to throw instead; `doing` reads "write gs://bucket/x". Our own bugs stay themselves. */
export function gcsError(error: unknown, doing: string): unknown {
  if (error instanceof ForkliftError) return error;
  const status = statusOf(error);
  const message = saidIn(error);
  if (status === undefined && !isBrokenConnection(error) && tlsFaultOf(error) === null)
    return error;
  const isRefused = status === 400 || status === 403 || status === 409;
  const rule = isRefused ? ruleError(message, doing, error) : null;
  if (rule !== null) return rule;
  const fault = tlsFaultOf(error);
  if (fault !== null) {
    return new ConfigError(`cannot ${doing}: TLS: ${message}`, {
      cause: error,
      hint: "set NODE_EXTRA_CA_CERTS to the certificate of whoever stands between us and the service",
    });
  }
  if (status === 412) {
    return new TryAgainError(`cannot ${doing}: another run wrote the object meanwhile`, {
      cause: error,
      hint: "see that only one run writes there, then run again",
    });
  }
  if (status === 401 || status === 403) {
    const found = `missing or refused credentials: ${message}`;
    return new ConfigError(`cannot ${doing}: ${found}`, { cause: error, hint: ACCESS_HINT });
  }
  if (status === 404) {
    return new ConfigError(`cannot ${doing}: there is no such bucket`, {
      cause: error,
      hint: "check the bucket's name, or create it",
    });
  }
  if (status === undefined || status >= 500 || status === 408 || status === 429) {
    return new TryAgainError(`cannot ${doing}: ${message}`, {
      cause: error,
      hint: "it was tried several times; check the network and the service's status page",
    });
  }
  return new ConfigError(`cannot ${doing}: ${message}`, {
    cause: error,
    hint: `the service refused it with ${status}: change the bucket's settings or the URL accordingly`,
  });
}
