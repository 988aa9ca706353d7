// The keys that the sample's blocks name, by the part they play.

import type { PublicKey } from "@forklift/chain";
import type { Genesis } from "./genesis.ts";
import { PRODUCERS } from "./genesis-accounts.ts";
import type { Wallet } from "./wallet.ts";

export interface KeyRing {
  /** Whom others delegate to. */
  readonly producers: readonly PublicKey[];
  /** Some of them producers, some of them vesting. */
  readonly provers: readonly PublicKey[];
  /** Keys that never have an account: commands to them fail. */
  readonly strangers: readonly PublicKey[];
  /** A key that nobody has seen, to open an account for. */
  fresh(): PublicKey;
}

const STRANGERS = 25;

/** Provers overlap with producers, who then have works of their own. */
const FIRST_PROVER = PRODUCERS - 4;
const PROVERS = 12;

export function createKeyRing(wallet: Wallet, { accounts }: Genesis): KeyRing {
  // The winner of the genesis block stands in front.
  const keys = accounts.slice(1).map(({ publicKey }) => publicKey);
  return {
    producers: keys.slice(0, PRODUCERS),
    provers: keys.slice(FIRST_PROVER, FIRST_PROVER + PROVERS),
    strangers: Array.from({ length: STRANGERS }, () => wallet.newKey()),
    fresh: () => wallet.newKey(),
  };
}
