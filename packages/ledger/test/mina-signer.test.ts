// mina-signer, the network's own library, as a second opinion on hashes.

import { decodeBase58check, encodeBase58checkAscii, UINT32_MAX, UINT64_MAX } from "@forklift/chain";
import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  readSignature,
  signedCommandForm,
  type UnhashedCommand,
} from "../src/block/transaction-hash.ts";
import { hashKimchi, hashLegacy } from "../src/poseidon/field-hash.ts";
import { KIMCHI_PARAMETERS } from "../src/poseidon/kimchi-parameters.ts";
import { LEGACY_PARAMETERS } from "../src/poseidon/legacy-parameters.ts";
import { permute, type SpongeState } from "../src/poseidon/reference.ts";
import { fieldElement } from "./field-elements.ts";
import {
  client,
  HashHelpers,
  HashLegacy,
  MEMO_BYTES,
  Poseidon,
  PoseidonLegacy,
  paddedMemo,
  type SignedTransfer,
  signedCommandOf,
} from "./mina-signer.ts";

/** mina-signer prints the digest of a transaction of protocol 1.x under Berkeley's version byte. */
const BERKELEY_TRANSACTION_HASH = 0x1d;

/** That of the text whose digest names a signed command. */
const SIGNED_COMMAND = 0x13;

const DIGEST_BYTES = 32;

describe.each([
  ["legacy", LEGACY_PARAMETERS, PoseidonLegacy, HashLegacy, hashLegacy],
  ["Kimchi", KIMCHI_PARAMETERS, Poseidon, HashHelpers, hashKimchi],
] as const)("the %s Poseidon", (_, parameters, other, otherHash, hash) => {
  test("permutes as mina-signer's does", () => {
    fc.assert(
      fc.property(fieldElement, fieldElement, fieldElement, (...state) => {
        const [s0, s1, s2] = state;
        const expected = other.update([s0, s1, s2], []);
        expect(permute(parameters, [s0, s1, s2] satisfies SpongeState)).toStrictEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test("hashes as mina-signer's does, whatever the prefix and the length", () => {
    const prefix = fc.string({
      unit: fc.constantFrom(..."CodaMinaTree*0123_"),
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(prefix, fc.array(fieldElement, { maxLength: 9 }), (text, input) => {
        const expected = otherHash.hashWithPrefix(text.padEnd(20, "*"), input);
        expect(hash(text, input)).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });
});

// mina-signer's hash of a command of protocol 1.x is in no archive: its serialized form lacks two type
// versions. Every other byte of it is ours, which is worth knowing for the integers that no command of
// mainnet has.
describe("mina-signer's form of a user command lacks a version before the fee and one before the body", () => {
  const keys = Array.from({ length: 4 }, () => client.genKeys());
  const key = fc.constantFrom(...keys);
  // Integers take one, two, three, five or nine bytes, and the highest bit of a width turns its sign.
  const edges = [7, 8, 15, 16, 31, 32, 63].flatMap((bits) => [
    2n ** BigInt(bits) - 1n,
    2n ** BigInt(bits),
  ]);
  const unsigned = (max: bigint) =>
    fc.oneof(
      fc.constantFrom(...[0n, 1n, max - 128n, max - 127n, max, ...edges].filter((it) => it <= max)),
      fc.bigInt({ min: 0n, max }),
    );
  const transfer = fc.record({
    payer: key,
    receiver: key,
    amount: unsigned(UINT64_MAX),
    fee: unsigned(UINT64_MAX),
    nonce: unsigned(UINT32_MAX),
    validUntil: unsigned(UINT32_MAX),
    memo: fc.string({ unit: fc.constantFrom(..."Coinbase 12 🙂é"), maxLength: 8 }),
  });

  function ours(type: UnhashedCommand["type"], signed: SignedTransfer) {
    const { command, signer, signature } = signedCommandOf(type, signed);
    const { bytes } = readSignature(signature);
    return Buffer.from(signedCommandForm(command, signer, bytes).written());
  }

  /** The digest of our form without the two versions. */
  function digestOf(form: Buffer, memo: string) {
    const body = form.indexOf(paddedMemo(memo)) + MEMO_BYTES;
    const theirs = Buffer.concat([form.subarray(1, body), form.subarray(body + 1)]);
    return blake2b(encodeBase58checkAscii(SIGNED_COMMAND, theirs), { dkLen: DIGEST_BYTES });
  }

  const theirs = (text: string) =>
    // The length alone.
    decodeBase58check(text, BERKELEY_TRANSACTION_HASH, 1 + DIGEST_BYTES).subarray(1);

  const asTexts = ({
    payer,
    receiver,
    memo,
    ...numbers
  }: typeof transfer extends fc.Arbitrary<infer T> ? T : never) => ({
    from: payer.publicKey,
    to: receiver.publicKey,
    amount: `${numbers.amount}`,
    fee: `${numbers.fee}`,
    nonce: `${numbers.nonce}`,
    validUntil: `${numbers.validUntil}`,
    memo,
  });

  test("for payments", () => {
    fc.assert(
      fc.property(transfer, (values) => {
        const signed = client.signPayment(asTexts(values), values.payer.privateKey);
        const digest = digestOf(ours("payment", signed), values.memo);
        expect(digest).toStrictEqual(theirs(client.hashPayment(signed)));
      }),
      { numRuns: 60 },
    );
  });

  test("for delegations", () => {
    fc.assert(
      fc.property(transfer, (values) => {
        const signed = client.signStakeDelegation(asTexts(values), values.payer.privateKey);
        const digest = digestOf(ours("delegation", signed), values.memo);
        expect(digest).toStrictEqual(theirs(client.hashStakeDelegation(signed)));
      }),
      { numRuns: 60 },
    );
  });
});
