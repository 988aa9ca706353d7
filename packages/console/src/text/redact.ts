// Takes secrets out of whatever is kept or sent: not only where they stand in a URL, but wherever one
// that we know of appears, such as in the message of a server.

import { maskUrlSecrets, percentDecoded, secretsInUrl } from "@forklift/system";
import { mapTexts, maskSecrets } from "./mask-secrets.ts";

/** Shorter ones stand in many texts; they are masked where they stand in a URL or behind a name. */
const WORD_LENGTH_MIN = 6;

/** The same of what is neither a word nor a number. */
const MIXED_LENGTH_MIN = 3;

/** Shorter values of variables are words such as `true`. */
const VARIABLE_LENGTH_MIN = 8;

/** What a service makes up for a token, and no person for a word: long, or of letters and digits. */
const TOKEN_WORD = /[A-Za-z0-9]{20,}|(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{12,}/;

/**
 * Passwords of many an installation that stand in our texts as themselves: a mask wherever they appear would
 * hide what is said, and tell what the password is.
 */
const OUR_WORDS = new Set(["postgres", "postgresql", "password", "database", "mainnet", "devnet"]);

const SECRET_VARIABLE = /PASSWORD|TOKEN|SECRET|PRIVATE_KEY|API_KEY/;

/** Every secret in the URLs of a plain value, in each way of writing it. */
export function secretsOfUrls(value: unknown): string[] {
  return textsIn(value).flatMap(secretsInUrl).flatMap(spellings);
}

export function secretsOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && value.length >= VARIABLE_LENGTH_MIN && SECRET_VARIABLE.test(name)
      ? spellings(value)
      : [],
  );
}

/** Any plain value; texts in it are cleared of the secrets, everything else stays. */
export function redact(value: unknown, secrets: readonly string[]): unknown {
  const known = [...new Set(secrets)]
    .filter((secret) => (isWord(secret) ? isTelling(secret) : secret.length >= MIXED_LENGTH_MIN))
    // A secret that contains another one must go first.
    .sort((a, b) => b.length - a.length);
  // Before the masks, which may cut off a part of a secret that is then found no more.
  const cleared = mapTexts(value, (text) =>
    known.reduce((left, secret) => left.replaceAll(wholly(secret), "***"), text),
  );
  return maskSecrets(cleared);
}

/** Secrets without those that are words which the text says for another reason, such as the name of a network. */
export function withoutWordsOf(text: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => !isWord(secret) || !wholly(secret).test(text));
}

/**
 * A text that quotes values which the operator gave, with each of them masked as what it is as a whole:
 * a space in it may be one of a password.
 */
export function maskQuoted(text: string, values: readonly string[]): string {
  // As it is, as a text in quotes, and on one line.
  const quoted = values.flatMap((value) => [
    value,
    JSON.stringify(value).slice(1, -1),
    value.replaceAll(/\s+/g, " "),
  ]);
  return [...new Set(quoted)]
    .sort((a, b) => b.length - a.length)
    .reduce((left, value) => left.replaceAll(value, () => maskUrlSecrets(value)), text);
}

/** A word or a number. */
function isWord(secret: string): boolean {
  return /^([A-Za-z]*|\d*)$/.test(secret);
}

function isTelling(word: string): boolean {
  return word.length >= WORD_LENGTH_MIN && !OUR_WORDS.has(word.toLowerCase());
}

/** A secret as a whole, and not as a part of a longer word. */
function wholly(secret: string): RegExp {
  const escaped = secret.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const before = /^[A-Za-z0-9]/.test(secret) ? "(?<![A-Za-z0-9])" : "";
  const after = /[A-Za-z0-9]$/.test(secret) ? "(?![A-Za-z0-9])" : "";
  return new RegExp(`${before}${escaped}${after}`, "g");
}

/**
 * User info, the URL from its path on, and each end of the path that holds what looks like a token. Its
 * other parts are words such as `hooks` or the name of a network, which stand in other texts as well.
 */
export function secretsOfWebhook(url: string): string[] {
  const { pathname, search } = new URL(url);
  const parts = `${pathname}${search}`.split("/").slice(1);
  const ends = parts.map((_, index) => parts.slice(index).join("/"));
  const tokens = ends.filter((end) => TOKEN_WORD.test(end) || /\/.*\d|\d.*\//.test(end));
  const whole = parts.length > 1 ? [`${pathname}${search}`] : [];
  return [...secretsInUrl(url), ...whole, ...tokens].flatMap(spellings);
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
