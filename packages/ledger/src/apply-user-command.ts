// Payments and delegations: the fee is paid first, whatever becomes of the rest.

import type { FailureReason, GlobalSlotSinceGenesis, UserCommand } from "@forklift/chain";
import type { Account } from "./account.ts";
import { deposit, findPlace, type Place, settle } from "./deposit.ts";
import type { Ledger } from "./ledger.ts";
import { extendReceiptChain } from "./receipt-chain.ts";
import { timingAfterSpending } from "./timing.ts";
import { type ApplyOptions, InvalidTransactionError, type Outcome } from "./transaction.ts";

/**
 * Slot of 22 October 2021, 00:00 UTC on mainnet: 219 days of 480 slots after its genesis. That day
 * brought release 1.2.0; until then nodes credited a payment before they debited it, so that one to
 * oneself could exceed the balance or what vesting leaves free. The slot decides no balance, only
 * whether such a payment is refused, and a node kept its old rule until its operator upgraded it.
 */
export const SELF_PAYMENT_CHECK_SLOT = 105_120n as GlobalSlotSinceGenesis;

/** What a command does beyond its fee: a failure, or accounts to write, the receiver's first. */
type Effect =
  | { readonly failure: FailureReason }
  | { readonly failure: null; readonly source: Account; readonly receiver: Receiver };

/** The receiver's account after the command. */
interface Receiver {
  readonly place: Place;
  readonly account: Account;
}

/** @throws InvalidTransactionError when no block may hold the command; the ledger is unchanged. */
export function applyUserCommand(
  ledger: Ledger,
  command: UserCommand,
  slot: GlobalSlotSinceGenesis,
  { selfPaymentCheckSlot = SELF_PAYMENT_CHECK_SLOT }: ApplyOptions = {},
): Outcome {
  const payer = findPayer(ledger, command);
  const paid = payFee(payer.account, command, slot);
  const effect =
    command.source !== command.feePayer
      ? ({ failure: "Predicate" } as const)
      : command.type === "delegation"
        ? delegate(ledger, paid, command)
        : pay(ledger, paid, command, slot, slot >= selfPaymentCheckSlot);
  if (effect.failure !== null) {
    ledger.replace(payer.index, paid);
    return {
      status: "failed",
      failureReason: effect.failure,
      accessed: [payer.index],
      created: [],
    };
  }
  // The source is the fee payer. Written last, it wins when it is the receiver too.
  const { place, account } = effect.receiver;
  const receiverIndex = settle(ledger, place, account);
  ledger.replace(payer.index, effect.source);
  return {
    status: "applied",
    failureReason: null,
    accessed: [...new Set([payer.index, receiverIndex])],
    created: place.index === undefined ? [receiverIndex] : [],
  };
}

function findPayer(ledger: Ledger, { feePayer }: UserCommand): Place & { readonly index: number } {
  const { index, account } = findPlace(ledger, feePayer);
  if (index === undefined) {
    throw new InvalidTransactionError(`fee payer ${feePayer} has no account, expected one`);
  }
  return { index, account };
}

/** The fee payer once fee, nonce and receipt are settled, which a failed command leaves as well. */
function payFee(payer: Account, command: UserCommand, slot: GlobalSlotSinceGenesis): Account {
  const { validUntil, nonce, fee } = command;
  if (validUntil !== null && slot > validUntil) {
    throw new InvalidTransactionError(
      `command ${command.hash} expired: slot is ${slot}, expected at most ${validUntil}`,
    );
  }
  if (nonce !== payer.nonce) {
    throw new InvalidTransactionError(
      `command ${command.hash} has nonce ${nonce}, expected ${payer.nonce} of ${payer.publicKey}`,
    );
  }
  return {
    ...payer,
    balance: payer.balance - fee,
    nonce: payer.nonce + 1n,
    receiptChainHash: extendReceiptChain(payer.receiptChainHash, command),
    timing: timingAfterSpending(payer, fee, slot),
  };
}

/** Paying the fee has settled the source's timing already, and a delegation spends nothing more. */
function delegate(ledger: Ledger, source: Account, { receiver }: UserCommand): Effect {
  const place = findPlace(ledger, receiver);
  if (place.index === undefined) return { failure: "Receiver_not_present" };
  return {
    failure: null,
    source: { ...source, delegate: receiver },
    receiver: { place, account: place.account },
  };
}

function pay(
  ledger: Ledger,
  source: Account,
  { hash, receiver, amount }: UserCommand,
  slot: GlobalSlotSinceGenesis,
  checksSelfPayment: boolean,
): Effect {
  if (amount === null) {
    throw new InvalidTransactionError(`payment ${hash} has no amount, expected one`);
  }
  const place = findPlace(ledger, receiver);
  if (receiver === source.publicKey) {
    if (checksSelfPayment) timingAfterSpending(source, amount, slot);
    return { failure: null, source, receiver: { place, account: source } };
  }
  // Before the receiver is looked at: a payer without the funds invalidates the block in any case.
  const timing = timingAfterSpending(source, amount, slot);
  const credited = deposit(place, amount);
  if (typeof credited === "string") return { failure: credited };
  return {
    failure: null,
    source: { ...source, balance: source.balance - amount, timing },
    receiver: { place, account: credited },
  };
}
