// Takes secrets out of whatever is kept or sent: not only where they stand in a URL, but wherever one
// that we know of appears, such as in the message of a server.

import type { Config } from "../config/schema.ts";
import { maskSecrets } from "../output/mask-secrets.ts";

/** Shorter ones are in every word; they are masked where they stand in a URL. */
const SECRET_LENGTH_MIN = 3;

/** Shorter ends of a path are words such as `hook`, shorter values of variables such as `true`. */
const TOKEN_LENGTH_MIN = 8;

const SECRET_VARIABLE = /PASSWORD|TOKEN|SECRET|PRIVATE_KEY|API_KEY/;

/** Greedy: also a password that should have been percent-encoded, and was not. */
const USER_INFO = /^[a-z][a-z0-9+.-]*:\/\/[^:/@]*:(.*)@/i;
const SECRET_PARAMETER = /[?&](?:password|token|signature|x-goog-signature|key)=([^&\s]+)/gi;

/** Every secret that a configuration holds, in each way of writing it. */
export function secretsOfConfig(config: Config): string[] {
  const webhook = config.notify === undefined ? [] : secretsOfWebhook(config.notify.webhook);
  return [...textsIn(config).flatMap(secretsOfUrl), ...webhook].flatMap(spellings);
}

export function secretsOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && value.length >= TOKEN_LENGTH_MIN && SECRET_VARIABLE.test(name)
      ? spellings(value)
      : [],
  );
}

/** Any plain value; texts in it are cleared of the secrets, everything else stays. */
export function redact(value: unknown, secrets: readonly string[]): unknown {
  const known = [...new Set(secrets)]
    .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
    // A secret that contains another one must go first.
    .sort((a, b) => b.length - a.length);
  const clear = (inner: unknown): unknown => {
    if (typeof inner === "string") {
      return known.reduce((text, secret) => text.replaceAll(secret, "***"), inner);
    }
    if (Array.isArray(inner)) return inner.map(clear);
    if (typeof inner === "object" && inner !== null) {
      return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, clear(item)]));
    }
    return inner;
  };
  return clear(maskSecrets(value));
}

function secretsOfUrl(text: string): string[] {
  const password = USER_INFO.exec(text)?.[1];
  const parameters = [...text.matchAll(SECRET_PARAMETER)].map(([, value]) => value!);
  return password === undefined ? parameters : [password, ...parameters];
}

/** The path, and every end of it: in many services its last part is the token. */
function secretsOfWebhook(url: string): string[] {
  const { pathname, search } = new URL(url);
  const parts = `${pathname}${search}`.split("/").slice(1);
  const ends = parts.map((_, index) => parts.slice(index).join("/"));
  return ends.filter((end) => end.length >= TOKEN_LENGTH_MIN);
}

/** As it stands in a URL, and as it is. */
function spellings(secret: string): string[] {
  const plain = decoded(secret);
  return [secret, plain, encodeURIComponent(plain), encodeURI(plain)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
