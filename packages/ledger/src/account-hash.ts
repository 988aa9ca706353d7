// The hash of an account, which is its leaf in the ledger.

import { FIELD_BYTES, type Field, fieldFromBytes, fieldToBytes } from "@forklift/chain";
import type { Account, Timing } from "./account.ts";
import { EMPTY_RECEIPT_CHAIN_HASH } from "./account.ts";
import { fieldBytes, type PointBytes, pointBytes } from "./decoded-texts.ts";
import { hashInputs } from "./hash-inputs.ts";
import { InputWriter } from "./input-writer.ts";
import { hashLegacy } from "./legacy-poseidon.ts";
import { PAIR_BYTES } from "./poseidon/memory-layout.ts";

const ACCOUNT_PREFIX = "CodaAccount";

/** The hash of the verification key that stands in where an account has no smart contract. */
const DUMMY_VERIFICATION_KEY_HASH =
  0x3f9dc6deb58b12251d9a729acefc6782cafda1453c1a2ed714fdfa3ea030a477n;

/** The smart-contract part of an account without one: eight state elements of zero. */
const NO_SNAPP_DIGEST = fieldToBytes(
  hashLegacy("CodaSnappAccount", [DUMMY_VERIFICATION_KEY_HASH, ...new Array<Field>(8).fill(0n)]),
);

/** Five field elements and 440 bits, which fill two more; a zero makes it pairs. */
const ACCOUNT_PAIRS = 4;

const ACCOUNT_INPUT_BYTES = ACCOUNT_PAIRS * PAIR_BYTES;

/** The bits of a permission, lowest first: constant, signature necessary, signature sufficient. */
const SIGNATURE = 0b110;
const NONE = 0b101;

/** Nobody could set permissions on mainnet 1.x, so these are everyone's. */
const DEFAULT_PERMISSIONS = [
  SIGNATURE, // set_verification_key
  SIGNATURE, // set_permissions
  SIGNATURE, // set_delegate
  NONE, // receive
  SIGNATURE, // send
  SIGNATURE, // edit_state
];

const MAY_STAKE = true;

/** "Not owned" and "account not disabled": two bits. */
const DEFAULT_TOKEN_PERMISSIONS = 0b00;

const DEFAULT_TOKEN_ID = 1n;

/** How an account without timing is written. Its vesting period is one, not zero. */
const UNTIMED: Timing = {
  initialMinimumBalance: 0n,
  cliffTime: 0n,
  cliffAmount: 0n,
  vestingPeriod: 1n,
  vestingIncrement: 0n,
};

/** The parts of an account that its hash depends on. Field elements are bytes. */
interface HashedAccount {
  readonly key: PointBytes;
  readonly delegate: PointBytes;
  readonly receiptChainHash: Uint8Array;
  readonly votingFor: Uint8Array;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly timing: Timing | null;
}

const ZERO = new Uint8Array(FIELD_BYTES);

const NO_POINT: PointBytes = { x: ZERO, isOdd: false };

/** The leaf of a place that holds no account. */
export const EMPTY_ACCOUNT_HASH: Field = fieldFromBytes(
  hashParts([
    {
      key: NO_POINT,
      delegate: NO_POINT,
      receiptChainHash: fieldBytes("receiptChainHash", EMPTY_RECEIPT_CHAIN_HASH),
      votingFor: ZERO,
      balance: 0n,
      nonce: 0n,
      timing: null,
    },
  ]),
);

/** @throws FormatError for a malformed key or hash, RangeError for a number that is too wide. */
export function hashAccount(account: Account): Field {
  return fieldFromBytes(hashAccounts([account]));
}

/** The same for many accounts at once; the hashes are 32 bytes each, one after the other. */
export function hashAccounts(accounts: readonly Account[]): Uint8Array {
  return hashParts(
    accounts.map((account) => ({
      key: pointBytes(account.publicKey),
      delegate: pointBytes(account.delegate),
      receiptChainHash: fieldBytes("receiptChainHash", account.receiptChainHash),
      votingFor: fieldBytes("stateHash", account.votingFor),
      balance: account.balance,
      nonce: account.nonce,
      timing: account.timing,
    })),
  );
}

function hashParts(accounts: readonly HashedAccount[]): Uint8Array {
  const inputs = new Uint8Array(accounts.length * ACCOUNT_INPUT_BYTES);
  for (const [at, account] of accounts.entries()) {
    writeAccount(new InputWriter(inputs, at * ACCOUNT_INPUT_BYTES), account);
  }
  return hashInputs(ACCOUNT_PREFIX, inputs, ACCOUNT_PAIRS);
}

/** The protocol folds over the record from its end, so its last part comes first. */
function writeAccount(input: InputWriter, account: HashedAccount): void {
  const { key, delegate } = account;
  const timing = account.timing ?? UNTIMED;
  input.field(NO_SNAPP_DIGEST);
  input.field(account.votingFor);
  input.field(delegate.x);
  input.field(account.receiptChainHash);
  input.field(key.x);
  for (const permission of DEFAULT_PERMISSIONS) input.bits(permission, 3);
  input.boolean(MAY_STAKE);
  input.boolean(account.timing !== null);
  input.uint64(timing.initialMinimumBalance);
  input.uint32(timing.cliffTime);
  input.uint64(timing.cliffAmount);
  input.uint32(timing.vestingPeriod);
  input.uint64(timing.vestingIncrement);
  input.boolean(delegate.isOdd);
  input.uint32(account.nonce);
  input.uint64(account.balance);
  input.bits(DEFAULT_TOKEN_PERMISSIONS, 2);
  input.uint64(DEFAULT_TOKEN_ID);
  input.boolean(key.isOdd);
}
