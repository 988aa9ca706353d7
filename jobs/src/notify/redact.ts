// Takes secrets out of whatever is kept or sent: not only where they stand in a URL, but wherever one
// that we know of appears, such as in the message of a server.

import { percentDecoded, secretsInUrl } from "@forklift/pipeline";
import type { Config } from "../config/schema.ts";
import { mapTexts, maskSecrets } from "../output/mask-secrets.ts";

/** Shorter ones are in every word; they are masked where they stand in a URL. */
const SECRET_LENGTH_MIN = 3;

/** Shorter ends of a path are words such as `hook`, shorter values of variables such as `true`. */
const TOKEN_LENGTH_MIN = 8;

const SECRET_VARIABLE = /PASSWORD|TOKEN|SECRET|PRIVATE_KEY|API_KEY/;

/** Every secret that a configuration holds, in each way of writing it. */
export function secretsOfConfig(config: Config): string[] {
  const webhook = config.notify === undefined ? [] : secretsOfWebhook(config.notify.webhook);
  return [...textsIn(config).flatMap(secretsInUrl).flatMap(spellings), ...webhook];
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
  // Before the masks, which may cut off a part of a secret that is then found no more.
  const cleared = mapTexts(value, (text) =>
    known.reduce((left, secret) => left.replaceAll(secret, "***"), text),
  );
  return maskSecrets(cleared);
}

/** User info, the path, and every end of it: in many services its last part is the token. */
export function secretsOfWebhook(url: string): string[] {
  const { pathname, search } = new URL(url);
  const parts = `${pathname}${search}`.split("/").slice(1);
  const ends = parts.map((_, index) => parts.slice(index).join("/"));
  const tokens = ends.filter((end) => end.length >= TOKEN_LENGTH_MIN);
  return [...secretsInUrl(url), ...tokens].flatMap(spellings);
}

/** As it stands in a URL, and as it is. */
function spellings(secret: string): string[] {
  const plain = percentDecoded(secret);
  return [secret, plain, encodeURIComponent(plain), encodeURI(plain)];
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
