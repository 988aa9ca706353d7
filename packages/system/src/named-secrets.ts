// Secrets that have a name before them, in any text: `password='a b'` of a connection string, a header
// `Authorization: Bearer …`, a variable `PGPASSWORD=…`, a key of a document.

/** A part of a text, by its offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

// Not of what is masked already.
const VALUE = String.raw`(?!\*\*\*)('(?:\\.|''|[^'\\])*'?|"(?:\\.|[^"\\])*"?|[^\s'"](?:\\\s|\S)*)`;

const SURE =
  "password|passwd|passphrase|pwd|(?<![a-z])pass|api[_-]?key|access[_-]?key|private[_-]?key";

const PATTERNS: readonly RegExp[] = [
  // Not of a parameter of a URL, which ends at its &.
  new RegExp(
    String.raw`(?:${SURE}|secret|token|signature|credential)(?<![?&][\w.%-]*)["']?\s*(?:=|%3D)\s*${VALUE}`,
    "dgi",
  ),
  new RegExp(
    String.raw`(?:${SURE}|[_-](?:secret|token|signature|credential))["']?\s*:\s*${VALUE}`,
    "dgi",
  ),
  // An option of a command line, with its value behind a space.
  new RegExp(
    String.raw`(?<!\S)--?(?:[\w-]*[_-])?(?:${SURE}|secret|token|auth)\s+(?!-)${VALUE}`,
    "dgi",
  ),
  new RegExp(String.raw`(?<![a-z?&][\w.%-]*|[?&])auth["']?\s*=\s*${VALUE}`, "dgi"),
  /authorization["']?\s*[:=]\s*["']?((?:[a-z][\w-]*\s+)?[^\s"',]+)/dgi,
  /\b(?:Bearer|Basic)\s+((?=\S*[\d=+/._-])[\w+/=.~-]{6,})/dg,
];

/** The text with *** for each of them. */
export function maskNamedSecrets(text: string): string {
  return maskSpans(text, namedSecrets(text));
}

/** Where they stand; one may overlap another. */
export function namedSecrets(text: string): Span[] {
  return PATTERNS.flatMap((pattern) => groupSpans(text, pattern));
}

/** Where the first group of a pattern with the flags d and g matches. */
export function groupSpans(text: string, pattern: RegExp): Span[] {
  return [...text.matchAll(pattern)].map(({ indices }) => {
    const [start, end] = indices![1]!;
    return { start, end };
  });
}

/** The text with *** for each span. */
export function maskSpans(text: string, spans: readonly Span[]): string {
  return mergedSpans(spans).reduceRight(
    (left, { start, end }) => `${left.slice(0, start)}***${left.slice(end)}`,
    text,
  );
}

/** In their order; those that overlap are one. */
export function mergedSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last === undefined || span.start >= last.end) merged.push(span);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
  }
  return merged;
}
