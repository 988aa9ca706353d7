// An account of the pre-fork ledger. All amounts are nanomina.

import type { PublicKey, ReceiptChainHash, StateHash } from "./hashes.ts";

/** Vesting: what of a balance is locked, and until when. Times are global slots since genesis. */
export interface Timing {
  readonly initialMinimumBalance: bigint;
  readonly cliffTime: bigint;
  readonly cliffAmount: bigint;
  /** In slots; never 0 in an account that the network accepted. */
  readonly vestingPeriod: bigint;
  readonly vestingIncrement: bigint;
}

/** Identified by its public key alone: protocol 1.x has no token but the default one. */
export interface Account {
  readonly publicKey: PublicKey;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly receiptChainHash: ReceiptChainHash;
  readonly delegate: PublicKey;
  readonly votingFor: StateHash;
  /** Null means untimed. */
  readonly timing: Timing | null;
}
