// Recognizes TLS connections that failed for what a certificate says: somebody must change a setting or
// a certificate first, and trying again helps nobody.

export type TlsFault =
  /** Nobody that we trust has signed it, or it has signed itself. */
  | "unknown authority"
  /** It is of another host. */
  | "other name"
  | "not valid now"
  /** The two ends do not understand each other. */
  | "no agreement";

/** OpenSSL's names for what is wrong with a certificate, as Node passes them on. */
const BY_CODE: Readonly<Record<string, TlsFault>> = {
  CERT_CHAIN_TOO_LONG: "unknown authority",
  CERT_REJECTED: "unknown authority",
  CERT_REVOKED: "unknown authority",
  CERT_SIGNATURE_FAILURE: "unknown authority",
  CERT_UNTRUSTED: "unknown authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "unknown authority",
  INVALID_CA: "unknown authority",
  INVALID_PURPOSE: "unknown authority",
  PATH_LENGTH_EXCEEDED: "unknown authority",
  SELF_SIGNED_CERT_IN_CHAIN: "unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown authority",
  ERR_TLS_CERT_ALTNAME_INVALID: "other name",
  HOSTNAME_MISMATCH: "other name",
  CERT_HAS_EXPIRED: "not valid now",
  CERT_NOT_YET_VALID: "not valid now",
};

/** Of the handshake itself: a port without TLS, versions and ciphers, an alert of the other end. */
const HANDSHAKE_CODE = /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$)/;

/** Null for what is no fault of TLS. Libraries wrap errors, so the causes are looked at, too. */
export function tlsFaultOf(error: unknown): TlsFault | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (Object.hasOwn(BY_CODE, code)) return BY_CODE[code]!;
  if (HANDSHAKE_CODE.test(code)) return "no agreement";
  return tlsFaultOf(error.cause);
}
