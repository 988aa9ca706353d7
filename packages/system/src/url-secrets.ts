// Secrets in URLs: where they stand, to be masked there or looked for elsewhere. An operator's URL may
// be one that no parser accepts, so none is used, and what may be a secret is taken for one.

import { groupSpans, maskSpans, mergedSpans, namedSecrets, type Span } from "./named-secrets.ts";

/** A user, up to its password, or a host, up to its port. */
const USER_OR_HOST = /:\/\/(?:\[[0-9a-f:.%]*\]|[^?#:])*:/i;

/** The same of what is a URL but for its scheme or its slashes: `u:p@h/x`, `http:/u:p@h`, `//u:p@h`. */
const NEARLY = /^(?:[\w+.-]*:\/+|\/\/)?[^:]*:/;

/** The same of a URL that is percent-encoded as a whole, as one in a parameter of another. */
const ENCODED = /%(?:25)*3A(?!%(?:25)*2F)(\S+)(?:%(?:25)*40|@)/dgi;

const PORT = /^\d{1,5}(?:\/|$)/;

/** No port, and no password whose @ is there: most often that was encoded, or forgotten. */
const NO_PORT =
  /:\/\/(?:\[[0-9a-f:.%]*\]|[^?#:/\s[])*:(?!\d{1,5}(?![\w%.-]))([^\s/?#@,;"')]+)(?![^\s]*@)/dgi;

/** A value in the query, which may be nearly a URL: `?to=u:p@h`. */
const PARAMETER = /[?&#][\w.%-]+=([^&]+)/dg;

/** Where parameters begin; another question mark may be one of a password. */
const QUERY = /\?[\w.-]+=/;

/** By the end of their names: `sig`, `X-Amz-Signature`, `X-Goog-Credential`, `access_token`. */
const SECRET_PARAMETER =
  /[?&#][^=&]*(?:sig|signature|token|password|passwd|pwd|passphrase|pass|auth|jwt|key|keyid|credential|secret)=([^&]+)/dgi;

/** One URL, or a text without spaces that one stands in, with *** for each of its secrets. */
export function maskUrlSecrets(url: string): string {
  return maskSpans(url, spansIn(url));
}

/** What `maskUrlSecrets` takes out of it, as it is written there. */
export function secretsInUrl(url: string): string[] {
  return mergedSpans(spansIn(url)).map(({ start, end }) => url.slice(start, end));
}

function spansIn(url: string): readonly Span[] {
  const passwords = [...passwordSpans(url), ...nearSpans(url)];
  const parameters = [
    ...[ENCODED, NO_PORT, SECRET_PARAMETER].flatMap((it) => groupSpans(url, it)),
    ...groupSpans(url, PARAMETER).flatMap((value) => nearSpansWithin(url, value)),
  ];
  // What looks like one within a password ends nowhere that anybody knows.
  const isWithin = ({ start }: Span) => passwords.some((it) => it.start <= start && start < it.end);
  const outside = parameters.filter((span) => !isWithin(span));
  return [...passwords, ...outside, ...namedSecrets(url)];
}

/** More than one where a parameter is a URL itself. */
function passwordSpans(url: string, from = 0): readonly Span[] {
  const before = USER_OR_HOST.exec(url.slice(from));
  if (before === null) return [];
  const start = from + before.index + before[0].length;
  const end = passwordEnd(url, start);
  if (end === null) return passwordSpans(url, start);
  return [{ start, end }, ...passwordSpans(url, end)];
}

/** A whole URL's password is for `passwordSpans`. */
function nearSpans(text: string): readonly Span[] {
  const scheme = text.indexOf("://");
  if (scheme !== -1 && scheme < text.indexOf("@")) return [];
  const before = NEARLY.exec(text);
  if (before === null) return [];
  const start = before[0].length;
  const end = passwordEnd(text, start);
  return end === null ? [] : [{ start, end }];
}

function nearSpansWithin(url: string, { start: from, end: to }: Span): readonly Span[] {
  return nearSpans(url.slice(from, to)).map(({ start, end }) => ({
    start: from + start,
    end: from + end,
  }));
}

/**
 * Up to the last @: a password that should have been percent-encoded, and was not, must not be shown
 * by half. One in the query ends a password only where nothing else can, as in `user:pass?a=b@host`.
 */
function passwordEnd(url: string, start: number): number | null {
  const rest = url.slice(start);
  const query = rest.search(QUERY);
  const address = query === -1 ? rest : rest.slice(0, query);
  const isWhole = address.includes("@") || PORT.test(address);
  const length = (isWhole ? address : rest).lastIndexOf("@");
  return length === -1 ? null : start + length;
}
