// Replaces passwords and signatures in URLs before anything is printed.

const PASSWORD = /(:\/\/[^/\s:@]*):[^/\s@]+@/g;
const SECRET_PARAMETER = /([?&](?:password|token|signature|x-goog-signature)=)[^&\s]+/gi;

/** Any plain value; texts in it are masked, everything else stays. */
export function maskSecrets(value: unknown): unknown {
  if (typeof value === "string") {
    return value.replaceAll(PASSWORD, "$1:***@").replaceAll(SECRET_PARAMETER, "$1***");
  }
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, maskSecrets(inner)]),
    );
  }
  return value;
}
