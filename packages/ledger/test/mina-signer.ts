// The parts of npm's mina-signer that the tests compare with: its client, and the two Poseidons that
// it does not export.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Field } from "@forklift/chain";

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
  readonly data: Transfer;
}

export interface SigningClient {
  genKeys(): { readonly privateKey: string; readonly publicKey: string };
  signPayment(transfer: Transfer, privateKey: string): SignedTransfer;
  hashPayment(signed: SignedTransfer): string;
  signStakeDelegation(transfer: Omit<Transfer, "amount">, privateKey: string): SignedTransfer;
  hashStakeDelegation(signed: SignedTransfer): string;
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
