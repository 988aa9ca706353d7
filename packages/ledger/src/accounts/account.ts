// An account of protocol 1.x, as far as mainnet used it: default token, default permissions.

import {
  type Account,
  hashText,
  type PublicKey,
  type ReceiptChainHash,
  type StateHash,
} from "@forklift/chain";
import { legacySalt } from "../poseidon/field-hash.ts";

export type { Account, Timing } from "@forklift/chain";

/** The receipt chain of an account that has never paid a fee. */
export const EMPTY_RECEIPT_CHAIN_HASH = hashText(
  "receiptChainHash",
  legacySalt("CodaReceiptEmpty"),
) as ReceiptChainHash;

/** "3NK2tk…", what an account votes for that votes for nothing. */
export const ZERO_STATE_HASH = hashText("stateHash", 0n) as StateHash;

/** An account as the protocol opens it: it delegates to itself and nothing in it is locked. */
export function newAccount(publicKey: PublicKey, balance: bigint): Account {
  return {
    publicKey,
    balance,
    nonce: 0n,
    receiptChainHash: EMPTY_RECEIPT_CHAIN_HASH,
    delegate: publicKey,
    votingFor: ZERO_STATE_HASH,
    timing: null,
  };
}
