// Replaces secrets before anything is printed: in URLs, in what is nearly one, and behind their names.

import { maskNamedSecrets, maskUrlSecrets } from "@forklift/system";

/** Up to a space, or to a separator that another URL follows: a mask must not reach into that. */
const WORD = /(?:(?![,;"'][a-z][a-z0-9+.-]*:\/\/)\S)+/gi;

/** Any plain value; texts in it are masked, everything else stays. */
export function maskSecrets(value: unknown): unknown {
  return mapTexts(value, maskText);
}

/** Names first, for a value in quotes may hold spaces. */
function maskText(text: string): string {
  return maskNamedSecrets(text).replaceAll(WORD, maskUrlSecrets);
}

/** Any plain value, with each text in it changed. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((inner) => mapTexts(inner, change));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)]),
    );
  }
  return value;
}
