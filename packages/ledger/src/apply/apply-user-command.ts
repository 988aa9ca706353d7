// Payments and delegations: the fee is paid first, whatever becomes of the rest.

import type { FailureReason, GlobalSlotSinceGenesis, UserCommand } from "@forklift/chain";
import type { AccountTable } from "../accounts/account-table.ts";
import { type ApplyOptions, InvalidTransactionError, type Outcome } from "../block/transaction.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { deposit, findPlace, type Place, settle } from "./deposit.ts";
import { extendReceiptChain } from "./receipt-chain.ts";
import { type Funds, timingAfterSpending } from "./timing.ts";

/**
 * Slot of 22 October 2021, 00:00 UTC on mainnet: 219 days of 480 slots after its genesis. That day
 * brought release 1.2.0; until then nodes credited a payment before they debited it, so that one to
 * oneself could exceed the balance or what vesting leaves free. The slot decides no balance, only
 * whether such a payment is refused, and a node kept its old rule until its operator upgraded it.
 */
export const SELF_PAYMENT_CHECK_SLOT = 105_120n as GlobalSlotSinceGenesis;

/** What a command does beyond its fee: a failure, or what is to be written. */
type Effect =
  | { readonly failure: FailureReason }
  | {
      readonly failure: null;
      readonly receiver: Place;
      /** The receiver's new balance; null when the command credits nobody. */
      readonly credited: bigint | null;
      readonly source: Funds;
    };

/** @throws InvalidTransactionError when no block may hold the command; the ledger is unchanged. */
export function applyUserCommand(
  ledger: Ledger,
  command: UserCommand,
  slot: GlobalSlotSinceGenesis,
  { selfPaymentCheckSlot = SELF_PAYMENT_CHECK_SLOT, receiptChainHash: known }: ApplyOptions = {},
): Outcome {
  const { table } = ledger;
  const payer = findPayer(ledger, command);
  const nonce = nextNonce(table.nonce(payer.index), command, slot);
  const paid = payFee(payer.funds, command, slot);
  const effect =
    command.source !== command.feePayer
      ? ({ failure: "Predicate" } as const)
      : command.type === "delegation"
        ? delegate(ledger, paid, command)
        : pay(ledger, paid, command, slot, slot >= selfPaymentCheckSlot);
  const receiptChainHash =
    known ?? extendReceiptChain(table.receiptChainHash(payer.index), command);
  if (effect.failure !== null) {
    writePayer(table, payer.index, { ...paid, nonce, receiptChainHash });
    return {
      status: "failed",
      failureReason: effect.failure,
      accessed: [payer.index],
      created: [],
    };
  }
  // The source is the fee payer, and is written after the receiver.
  const { receiver, credited, source } = effect;
  const receiverIndex = credited === null ? receiver.index! : settle(ledger, receiver, credited);
  writePayer(table, payer.index, { ...source, nonce, receiptChainHash });
  if (command.type === "delegation") table.setDelegate(payer.index, table.key(receiverIndex));
  return {
    status: "applied",
    failureReason: null,
    accessed: [...new Set([payer.index, receiverIndex])],
    created: receiver.index === undefined ? [receiverIndex] : [],
  };
}

function findPayer(ledger: Ledger, { feePayer }: UserCommand): Place & { readonly index: number } {
  const { index, funds } = findPlace(ledger, feePayer);
  if (index === undefined) {
    throw new InvalidTransactionError(`fee payer ${feePayer} has no account, expected one`);
  }
  return { index, funds };
}

/** @throws InvalidTransactionError when the command is too late, too early or a second time here. */
function nextNonce(current: bigint, command: UserCommand, slot: GlobalSlotSinceGenesis): bigint {
  const { validUntil, nonce } = command;
  if (validUntil !== null && slot > validUntil) {
    throw new InvalidTransactionError(
      `command ${command.hash} expired: slot is ${slot}, expected at most ${validUntil}`,
    );
  }
  if (nonce !== current) {
    throw new InvalidTransactionError(
      `command ${command.hash} has nonce ${nonce}, expected ${current} of ${command.feePayer}`,
    );
  }
  return current + 1n;
}

/** What the fee payer holds once the fee is paid, which a failed command leaves as well. */
function payFee(payer: Funds, { fee }: UserCommand, slot: GlobalSlotSinceGenesis): Funds {
  const timing = timingAfterSpending(payer, fee, slot);
  return { ...payer, balance: payer.balance - fee, timing };
}

/** Paying the fee has settled the source's timing already, and a delegation spends nothing more. */
function delegate(ledger: Ledger, source: Funds, command: UserCommand): Effect {
  const receiver = findPlace(ledger, command.receiver);
  if (receiver.index === undefined) return { failure: "Receiver_not_present" };
  return { failure: null, receiver, credited: null, source };
}

function pay(
  ledger: Ledger,
  source: Funds,
  command: UserCommand,
  slot: GlobalSlotSinceGenesis,
  checksSelfPayment: boolean,
): Effect {
  const { hash, amount } = command;
  if (amount === null) {
    throw new InvalidTransactionError(`payment ${hash} has no amount, expected one`);
  }
  const receiver = findPlace(ledger, command.receiver);
  if (command.receiver === source.publicKey) {
    if (checksSelfPayment) timingAfterSpending(source, amount, slot);
    return { failure: null, receiver, credited: null, source };
  }
  // Before the receiver is looked at: a payer without the funds invalidates the block in any case.
  const timing = timingAfterSpending(source, amount, slot);
  const credited = deposit(receiver, amount);
  if (typeof credited === "string") return { failure: credited };
  const debited = { ...source, balance: source.balance - amount, timing };
  return { failure: null, receiver, credited, source: debited };
}

interface Payer extends Funds {
  readonly nonce: bigint;
  readonly receiptChainHash: Uint8Array;
}

function writePayer(table: AccountTable, index: number, payer: Payer): void {
  table.setNonce(index, payer.nonce);
  table.setReceiptChainHash(index, payer.receiptChainHash);
  table.setBalance(index, payer.balance);
  table.setTiming(index, payer.timing);
}
