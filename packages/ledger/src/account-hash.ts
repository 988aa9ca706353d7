// The hash of an account, which is its leaf in the ledger.

import type { CurvePoint, Field } from "@forklift/chain";
import type { Account, Timing } from "./account.ts";
import { EMPTY_RECEIPT_CHAIN_HASH } from "./account.ts";
import { cachedField, cachedPoint } from "./decoded-texts.ts";
import { hashLegacy } from "./legacy-poseidon.ts";
import { type Bits, bit, packInput } from "./random-oracle-input.ts";

const ACCOUNT_PREFIX = "CodaAccount";

/** The hash of the verification key that stands in where an account has no smart contract. */
const DUMMY_VERIFICATION_KEY_HASH =
  0x3f9dc6deb58b12251d9a729acefc6782cafda1453c1a2ed714fdfa3ea030a477n;

/** The smart-contract part of an account without one: eight state elements of zero. */
const NO_SNAPP_DIGEST = hashLegacy("CodaSnappAccount", [
  DUMMY_VERIFICATION_KEY_HASH,
  ...new Array<Field>(8).fill(0n),
]);

/** Three bits a permission: constant, signature necessary, signature sufficient. */
const SIGNATURE: readonly Bits[] = [bit(false), bit(true), bit(true)];
const NONE: readonly Bits[] = [bit(true), bit(false), bit(true)];

/** Nobody could set permissions on mainnet 1.x, so these are everyone's. */
const DEFAULT_PERMISSIONS: readonly Bits[] = [
  ...SIGNATURE, // set_verification_key
  ...SIGNATURE, // set_permissions
  ...SIGNATURE, // set_delegate
  ...NONE, // receive
  ...SIGNATURE, // send
  ...SIGNATURE, // edit_state
  bit(true), // stake
];

/** "Not owned" and "account not disabled". */
const DEFAULT_TOKEN_PERMISSIONS: Bits = [0n, 2];

const DEFAULT_TOKEN_ID: Bits = [1n, 64];

/** How an account without timing is written. Its vesting period is one, not zero. */
const UNTIMED: Timing = {
  initialMinimumBalance: 0n,
  cliffTime: 0n,
  cliffAmount: 0n,
  vestingPeriod: 1n,
  vestingIncrement: 0n,
};

/** The parts of an account that its hash depends on, as numbers. */
interface HashedAccount {
  readonly key: CurvePoint;
  readonly delegate: CurvePoint;
  readonly receiptChainHash: Field;
  readonly votingFor: Field;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly timing: Timing | null;
}

const NO_POINT: CurvePoint = { x: 0n, isOdd: false };

/** The leaf of a place that holds no account. */
export const EMPTY_ACCOUNT_HASH: Field = hashNumbers({
  key: NO_POINT,
  delegate: NO_POINT,
  receiptChainHash: cachedField("receiptChainHash", EMPTY_RECEIPT_CHAIN_HASH),
  votingFor: 0n,
  balance: 0n,
  nonce: 0n,
  timing: null,
});

/** @throws FormatError for a malformed key or hash, RangeError for a number that is too wide. */
export function hashAccount(account: Account): Field {
  return hashNumbers({
    key: cachedPoint(account.publicKey),
    delegate: cachedPoint(account.delegate),
    receiptChainHash: cachedField("receiptChainHash", account.receiptChainHash),
    votingFor: cachedField("stateHash", account.votingFor),
    balance: account.balance,
    nonce: account.nonce,
    timing: account.timing,
  });
}

/** The protocol folds over the record from its end, so its last part comes first. */
function hashNumbers(account: HashedAccount): Field {
  const { key, delegate } = account;
  const timing = account.timing ?? UNTIMED;
  const fields = [NO_SNAPP_DIGEST, account.votingFor, delegate.x, account.receiptChainHash, key.x];
  const bits: Bits[] = [
    ...DEFAULT_PERMISSIONS,
    bit(account.timing !== null),
    [timing.initialMinimumBalance, 64],
    [timing.cliffTime, 32],
    [timing.cliffAmount, 64],
    [timing.vestingPeriod, 32],
    [timing.vestingIncrement, 64],
    bit(delegate.isOdd),
    [account.nonce, 32],
    [account.balance, 64],
    DEFAULT_TOKEN_PERMISSIONS,
    DEFAULT_TOKEN_ID,
    bit(key.isOdd),
  ];
  return hashLegacy(ACCOUNT_PREFIX, packInput(fields, bits));
}
