// Secrets in URLs: where they stand, to be masked there or looked for elsewhere. An operator's URL may
// be one that no parser accepts, so none is asked, and what may be a secret is taken for one.

/** A user, up to its password, or a host, up to its port. */
const USER_OR_HOST = /:\/\/[^?#:]*:/;

const PORT = /^\d{1,5}(?:\/|$)/;

/** Where parameters begin; another question mark may be one of a password. */
const QUERY = /\?[\w.-]+=/;

/** By the end of their names: `sig`, `X-Amz-Signature`, `X-Goog-Credential`, `access_token`. */
const SECRET_PARAMETER =
  /([?&][^=&]*(?:sig|signature|token|password|passwd|key|credential|secret)=)([^&]+)/gi;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** One URL, or a text without spaces that one stands in, with *** for each of its secrets. */
export function maskUrlSecrets(url: string): string {
  const masked = passwordSpans(url).reduceRight(
    (text, { start, end }) => `${text.slice(0, start)}***${text.slice(end)}`,
    url,
  );
  return masked.replaceAll(SECRET_PARAMETER, "$1***");
}

/** What `maskUrlSecrets` takes out of it, as it is written there. */
export function secretsInUrl(url: string): string[] {
  const passwords = passwordSpans(url).map(({ start, end }) => url.slice(start, end));
  return [...passwords, ...[...url.matchAll(SECRET_PARAMETER)].map(([, , value]) => value!)];
}

/**
 * Up to the last @: a password that should have been percent-encoded, and was not, must not be shown
 * by half. One in the query ends a password only where nothing else can, as in `user:pass?a=b@host`.
 * More than one where a parameter is a URL itself.
 */
function passwordSpans(url: string, from = 0): readonly Span[] {
  const before = USER_OR_HOST.exec(url.slice(from));
  if (before === null) return [];
  const start = from + before.index + before[0].length;
  const rest = url.slice(start);
  const query = rest.search(QUERY);
  const address = query === -1 ? rest : rest.slice(0, query);
  const isWhole = address.includes("@") || PORT.test(address);
  const length = (isWhole ? address : rest).lastIndexOf("@");
  if (length === -1) return passwordSpans(url, start);
  const end = start + length;
  return [{ start, end }, ...passwordSpans(url, end)];
}
