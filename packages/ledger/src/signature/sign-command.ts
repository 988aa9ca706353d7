// Signs user commands for networks that are made up. Nonces are the caller's, and nothing here keeps a secret from
// whoever can measure it or guess them: not for a key that anything of value hangs on.

import { fieldToBytes, type UserCommand } from "@forklift/chain";
import { type Signature, signatureText } from "../block/transaction-hash.ts";
import { hashMessages, type SignatureKind } from "./message-hash.ts";
import { type Affine, isOddNumber, SCALAR_MODULUS, type Scalar } from "./pallas.ts";

/** A scalar, and the generator times it. */
export interface KeyPair {
  readonly scalar: Scalar;
  readonly point: Affine;
}

export interface Signing {
  readonly key: KeyPair;
  /** Of one signature alone: two of one nonce tell the key. */
  readonly nonce: KeyPair;
  readonly kind: SignatureKind;
}

/** @param command whose fee payer the key is of. */
export function signCommand(
  command: Omit<UserCommand, "hash">,
  { key, nonce, kind }: Signing,
): Signature {
  const r = fieldToBytes(nonce.point.x);
  const point = { x: fieldToBytes(key.point.x), y: fieldToBytes(key.point.y) };
  const [e] = hashMessages([{ command, key: point, r }], kind);
  // The point of a signature is the one of the two with this x whose y is even.
  const k = isOddNumber(nonce.point.y) ? SCALAR_MODULUS - nonce.scalar : nonce.scalar;
  const s = (k + e! * key.scalar) % SCALAR_MODULUS;
  return signatureText(Buffer.concat([r, fieldToBytes(s)]));
}
