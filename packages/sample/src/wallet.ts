// The keys of the sample, and the signatures that they make. Everybody can have them: keys are consecutive scalars from
// one that the seed gives, and so are the nonces. A key, and the point of a signature, is then the one before
// it plus the generator, and all that a signature takes is a hash.

import { type PublicKey, publicKeyText } from "@forklift/chain";
import {
  consecutivePoints,
  type KeyPair,
  SCALAR_MODULUS,
  type Signature,
  type SignatureKind,
  signCommand,
  type UnhashedCommand,
} from "@forklift/ledger";
import type { Random } from "./random.ts";

/** As any network but mainnet has it. */
const SIGNATURE_KIND: SignatureKind = "testnet";

/** Points computed together, with one division. */
const POINTS_AT_ONCE = 256;

/** No sample has as many keys and commands, so that no scalar comes to the end. */
const SCALARS_MAX = 2n ** 64n;

export class Wallet {
  readonly #keys: Generator<KeyPair, never>;
  readonly #nonces: Generator<KeyPair, never>;
  readonly #pairs = new Map<PublicKey, KeyPair>();

  constructor(random: Random) {
    this.#keys = pairsFrom(firstScalar(random));
    this.#nonces = pairsFrom(firstScalar(random));
  }

  /** That nobody has seen. */
  newKey(): PublicKey {
    const pair = this.#keys.next().value;
    const { x, y } = pair.point;
    const key = publicKeyText({ x, isOdd: (y & 1n) === 1n });
    this.#pairs.set(key, pair);
    return key;
  }

  /** @param command whose fee payer has a key of this wallet. */
  sign(command: UnhashedCommand): Signature {
    const key = this.#pairs.get(command.feePayer)!;
    return signCommand(command, { key, nonce: this.#nonces.next().value, kind: SIGNATURE_KIND });
  }
}

function firstScalar(random: Random): bigint {
  return 1n + random.bigBelow(SCALAR_MODULUS - SCALARS_MAX);
}

function* pairsFrom(first: bigint): Generator<KeyPair, never> {
  for (let scalar = first; ; ) {
    for (const point of consecutivePoints(scalar, POINTS_AT_ONCE)) {
      yield { scalar, point };
      scalar += 1n;
    }
  }
}
