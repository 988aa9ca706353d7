// Checks the signatures of many user commands at once: legacy Schnorr over Pallas, as the protocol before the hard
// fork signs them.
//
// A signature (r, s) of a key P is right where s·G = e·P + R, R being the point with x = r and an even y, and e the hash
// of command, key and r. All equations, each times a random number of 128 bits that nobody knew before, add up to one
// sum. If every signature is right, it is zero; if one is wrong, it is zero once in 2^128 times. Why that is sound, and
// what could go wrong: docs/decisions/0036-signatures-in-batches.md.

import { randomBytes } from "node:crypto";
import {
  FIELD_MODULUS,
  fieldFromBytes,
  fieldToBytes,
  type PublicKey,
  type UserCommand,
} from "@forklift/chain";
import { readSignature, type Signed } from "../block/transaction-hash.ts";
import { BoundedCache } from "../text/bounded-cache.ts";
import { pointBytes } from "../text/decoded-texts.ts";
import { hashMessages, type Message, type SignatureKind } from "./message-hash.ts";
import { type Affine, GENERATOR, pointWithX, SCALAR_MODULUS, type Scalar } from "./pallas.ts";
import { sumOfProducts, type Term } from "./sum-of-products.ts";

/** A user command as its block has it. */
export interface SignedCommand extends Signed {
  readonly command: Omit<UserCommand, "hash">;
}

/** A public key whose y has been found. */
interface Key {
  readonly point: Affine;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** Entries a generation, some 600 bytes each: finding one takes a square root. */
const KEYS_MAX = 8_192;

/** Null for a key whose x is that of no point. */
const keys = new BoundedCache<PublicKey, Key | null>(KEYS_MAX);

/**
 * Summed up together: eight full blocks, in some 20 MB, however many commands a file has that nobody on the network
 * would have accepted. More of them would gain little.
 */
const EQUATIONS_MAX = 1_024;

/** The equation of one signature: s·G − e·P − R is to be zero. */
interface Equation {
  /** Which command it is of. */
  readonly at: number;
  readonly s: Scalar;
  readonly e: Scalar;
  readonly key: Key;
  readonly nonce: Affine;
}

/** What of an equation is known before anything is hashed. */
type Unhashed = Omit<Equation, "e"> & { readonly message: Message };

/**
 * The positions of those whose signature is not that of their fee payer, ascending. Many at once take a quarter
 * of the time of one by one; where one is wrong, it is searched for by halves.
 * @throws FormatError for a malformed text, RangeError for a number that is too wide.
 */
export function wrongSignatures(
  commands: readonly SignedCommand[],
  kind: SignatureKind,
): readonly number[] {
  const equations = equationsOf(commands, kind);
  const possible = new Set(equations.map(({ at }) => at));
  const impossible = commands.flatMap((_, at) => (possible.has(at) ? [] : at));
  const wrong = inSums(equations).flatMap(unequal);
  return [...impossible, ...wrong].sort((a, b) => a - b);
}

/** As many at a time as are summed up together. */
function inSums(equations: readonly Equation[]): (readonly Equation[])[] {
  const sums = Math.ceil(equations.length / EQUATIONS_MAX);
  return Array.from({ length: sums }, (_, at) =>
    equations.slice(at * EQUATIONS_MAX, (at + 1) * EQUATIONS_MAX),
  );
}

/** Of the commands whose signature has a point and a scalar in it, made by the fee payer's key. */
function equationsOf(commands: readonly SignedCommand[], kind: SignatureKind): Equation[] {
  const unhashed = commands.flatMap((signed, at): Unhashed[] => {
    const read = partsOf(signed);
    return read === null ? [] : [{ at, ...read }];
  });
  const hashes = hashMessages(
    unhashed.map(({ message }) => message),
    kind,
  );
  return unhashed.map(({ message: _, ...parts }, index) => ({ ...parts, e: hashes[index]! }));
}

/** Null where no hash can make the signature right. */
function partsOf({ command, signer, signature }: SignedCommand): Omit<Unhashed, "at"> | null {
  if (signer !== command.feePayer) return null;
  const { r, s } = readSignature(signature);
  const scalar = numberOf(s);
  const x = numberOf(r);
  // Another number for the same point or scalar would be another signature of the same command.
  if (scalar >= SCALAR_MODULUS || x >= FIELD_MODULUS) return null;
  const key = keyOf(signer);
  const nonce = pointWithX(x, false);
  if (key === null || nonce === null) return null;
  return { s: scalar, key, nonce, message: { command, key, r } };
}

function keyOf(text: PublicKey): Key | null {
  let key = keys.get(text);
  if (key === undefined) {
    const { x, isOdd } = pointBytes(text);
    const point = pointWithX(fieldFromBytes(x), isOdd);
    key = point && { point, x, y: fieldToBytes(point.y) };
    keys.set(text, key);
  }
  return key;
}

/** Those of the equations that do not hold. */
function unequal(equations: readonly Equation[]): number[] {
  if (equations.length === 0 || isSumZero(equations)) return [];
  // The factor of a single one is not zero, so that nothing is left to chance.
  if (equations.length === 1) return [equations[0]!.at];
  const half = equations.length >> 1;
  return [...unequal(equations.slice(0, half)), ...unequal(equations.slice(half))];
}

function isSumZero(equations: readonly Equation[]): boolean {
  const ofKeys = new Map<Key, Scalar>();
  const terms: Term[] = [];
  let ofGenerator = 0n;
  for (const { s, e, key, nonce } of equations) {
    const factor = randomFactor();
    ofGenerator += factor * s;
    ofKeys.set(key, (ofKeys.get(key) ?? 0n) + factor * e);
    terms.push({ point: nonce, times: factor });
  }
  for (const [{ point }, times] of ofKeys) terms.push({ point, times: times % SCALAR_MODULUS });
  terms.push({ point: NEGATIVE_GENERATOR, times: ofGenerator % SCALAR_MODULUS });
  return sumOfProducts(terms).is0();
}

const NEGATIVE_GENERATOR = GENERATOR.negate().toAffine();

const FACTOR_BYTES = 16;

/** From 1 to 2^128 - 1: fresh for each equation of each sum, so that no file can be made for it. */
function randomFactor(): Scalar {
  for (;;) {
    const factor = BigInt(`0x${randomBytes(FACTOR_BYTES).toString("hex")}`);
    if (factor !== 0n) return factor;
  }
}

function numberOf(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(littleEndian).reverse().toString("hex")}`);
}
