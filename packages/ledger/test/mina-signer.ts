// The parts of npm's mina-signer that the tests compare with: its client, and the two Poseidons that
// it does not export.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  encodeBase58check,
  type Field,
  fieldToBytes,
  parseMemo,
  parsePublicKey,
  UINT32_MAX,
  VERSION_BYTE,
} from "@forklift/chain";
import { signatureText, type UnhashedCommand } from "../src/block/transaction-hash.ts";
import type { SignedCommand } from "../src/signature/wrong-signatures.ts";

export interface OtherPoseidon {
  /** Absorbs the elements; of none it takes one permutation. */
  update(state: readonly Field[], input: readonly Field[]): Field[];
}

export interface OtherHashHelpers {
  hashWithPrefix(prefix: string, input: readonly Field[]): Field;
}

export interface Poseidons {
  readonly Poseidon: OtherPoseidon;
  readonly PoseidonLegacy: OtherPoseidon;
}

export interface PrefixedPoseidons {
  readonly HashHelpers: OtherHashHelpers;
  readonly HashLegacy: OtherHashHelpers;
}

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: string;
  readonly fee: string;
  readonly nonce: string;
  readonly validUntil: string;
  readonly memo: string;
}

export interface SignedTransfer {
  /** Two numbers in decimal. */
  readonly signature: { readonly field: string; readonly scalar: string };
  readonly publicKey: string;
  readonly data: Transfer;
}

export interface SigningClient {
  genKeys(): { readonly privateKey: string; readonly publicKey: string };
  signPayment(transfer: Transfer, privateKey: string): SignedTransfer;
  hashPayment(signed: SignedTransfer): string;
  signStakeDelegation(transfer: Omit<Transfer, "amount">, privateKey: string): SignedTransfer;
  hashStakeDelegation(signed: SignedTransfer): string;
  verifyPayment(signed: SignedTransfer): boolean;
  verifyStakeDelegation(signed: SignedTransfer): boolean;
}

/** The folder of its files; only the client is to be had by the package's name. */
const folder = path.dirname(createRequire(import.meta.url).resolve("mina-signer"));

const load = async <T>(file: string) =>
  (await import(pathToFileURL(path.join(folder, file)).href)) as T;

export const { Poseidon, PoseidonLegacy } = await load<Poseidons>("../bindings/crypto/poseidon.js");

export const { HashHelpers, HashLegacy } = await load<PrefixedPoseidons>("src/poseidon-bigint.js");

const { Client } = await load<{ Client: new (options: { network: string }) => SigningClient }>(
  "mina-signer.js",
);

export const client = new Client({ network: "mainnet" });

export const testnetClient = new Client({ network: "testnet" });

/** A tag, the length, and up to 32 bytes of text. */
export const MEMO_BYTES = 34;

export function paddedMemo(memo: string): Buffer {
  const bytes = Buffer.from(memo, "utf8");
  const padded = Buffer.alloc(MEMO_BYTES);
  padded.set([1, bytes.length, ...bytes]);
  return padded;
}

/** What it signed, as blocks have it. */
export function signedCommandOf(
  type: UnhashedCommand["type"],
  { data, signature }: SignedTransfer,
): SignedCommand {
  const feePayer = parsePublicKey(data.from);
  const validUntil = BigInt(data.validUntil);
  const command: UnhashedCommand = {
    type,
    feePayer,
    source: feePayer,
    receiver: parsePublicKey(data.to),
    nonce: BigInt(data.nonce),
    amount: type === "payment" ? BigInt(data.amount) : null,
    fee: BigInt(data.fee),
    validUntil: validUntil === UINT32_MAX ? null : validUntil,
    memo: parseMemo(encodeBase58check(VERSION_BYTE.memo, paddedMemo(data.memo))),
  };
  const rAndS = [signature.field, signature.scalar].map((number) => fieldToBytes(BigInt(number)));
  return { command, signer: feePayer, signature: signatureText(Buffer.concat(rAndS)) };
}
