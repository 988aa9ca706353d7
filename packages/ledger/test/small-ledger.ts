// Accounts and commands for hand-worked cases: few keys, round numbers.

import {
  encodeBase58check,
  type GlobalSlotSinceGenesis,
  type Memo,
  publicKeyText,
  type TransactionHash,
  type UserCommand,
  VERSION_BYTE,
} from "@forklift/chain";
import { type Account, newAccount, type Timing } from "../src/accounts/account.ts";
import { Ledger } from "../src/ledger/ledger.ts";

export const MINA = 1_000_000_000n;

export const ALICE = publicKeyText({ x: 1n, isOdd: false });
export const BOB = publicKeyText({ x: 2n, isOdd: true });
export const CAROL = publicKeyText({ x: 3n, isOdd: false });
export const DAVE = publicKeyText({ x: 4n, isOdd: true });

const EMPTY_MEMO = encodeBase58check(VERSION_BYTE.memo, Uint8Array.of(1, ...Array(33).fill(0)));

export function slot(number: bigint): GlobalSlotSinceGenesis {
  return number as GlobalSlotSinceGenesis;
}

/** 50 MINA locked; 20 are freed in slot 1000, then 10 every 100 slots: the last 10 in slot 1300. */
export const VESTING: Timing = {
  initialMinimumBalance: 50n * MINA,
  cliffTime: 1000n,
  cliffAmount: 20n * MINA,
  vestingPeriod: 100n,
  vestingIncrement: 10n * MINA,
};

/** Alice, index 0, owns 100 MINA and Bob, index 1, 10; the changes are for Alice. */
export function aliceAndBob(changes: Partial<Account> = {}): Ledger {
  return new Ledger([
    { ...newAccount(ALICE, 100n * MINA), ...changes },
    newAccount(BOB, 10n * MINA),
  ]);
}

/** Alice pays Bob 5 MINA for a fee of 1 by default. */
export function command(changes: Partial<UserCommand> = {}): UserCommand {
  return {
    type: "payment",
    feePayer: ALICE,
    source: ALICE,
    receiver: BOB,
    nonce: 0n,
    amount: 5n * MINA,
    fee: 1n * MINA,
    validUntil: null,
    memo: EMPTY_MEMO as Memo,
    hash: "CkpOfATest" as TransactionHash,
    ...changes,
  };
}

export function balances(ledger: Ledger): bigint[] {
  return Array.from(ledger.accounts(), ({ balance }) => balance);
}
