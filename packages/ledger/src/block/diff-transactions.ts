// From a staged ledger diff to the transactions that the ledger applies: the commands it lists, and
// the coinbases and fee transfers that follow from its works and its fees.

import type { PublicKey } from "@forklift/chain";
import { compareKeys } from "../text/decoded-texts.ts";
import type { CoinbaseParts, PreDiff, StagedLedgerDiff } from "./staged-ledger-diff.ts";
import {
  ACCOUNT_CREATION_FEE,
  type Coinbase,
  type FeeTransfer,
  InvalidTransactionError,
  type SingleTransfer,
  type Transaction,
} from "./transaction.ts";

/** Nanomina that a block creates; twice as much when its stake had nothing locked. */
export const COINBASE_AMOUNT = 720_000_000_000n;

/** Of the block: its protocol state says both. */
export interface CoinbaseTerms {
  readonly coinbaseReceiver: PublicKey;
  readonly superchargeCoinbase: boolean;
}

/** What the internal commands of a pre-diff follow from. */
export type PaidWork = Pick<PreDiff, "completedWorks" | "coinbase"> & {
  readonly commands: readonly { readonly command: { readonly fee: bigint } }[];
};

/**
 * In the order of application.
 * @throws InvalidTransactionError when the fees do not pay for the works.
 */
export function transactionsOfDiff(diff: StagedLedgerDiff, terms: CoinbaseTerms): Transaction[] {
  return diff.flatMap((preDiff) => [
    ...preDiff.commands.map(({ command }) => ({ kind: "user_command", command }) as const),
    ...internalTransactionsOf(preDiff, terms),
  ]);
}

/** Coinbases, then fee transfers. @throws InvalidTransactionError as above. */
export function internalTransactionsOf(
  preDiff: PaidWork,
  terms: CoinbaseTerms,
): (Coinbase | FeeTransfer)[] {
  const coinbases = coinbasesOf(preDiff.coinbase, terms);
  return [...coinbases, ...pairsOf(singleTransfersOf(preDiff, coinbases, terms.coinbaseReceiver))];
}

function coinbasesOf(
  coinbase: CoinbaseParts,
  { coinbaseReceiver: receiver, superchargeCoinbase }: CoinbaseTerms,
): Coinbase[] {
  const whole = superchargeCoinbase ? 2n * COINBASE_AMOUNT : COINBASE_AMOUNT;
  const part = (amount: bigint, transfer: SingleTransfer | null): Coinbase => {
    // Who produces the block and does the work as well is not paid twice.
    const feeTransfer = transfer?.receiver === receiver ? null : transfer;
    return { kind: "coinbase", receiver, amount, feeTransfer };
  };
  switch (coinbase.parts) {
    case 0:
      return [];
    case 1:
      return [part(whole, coinbase.feeTransfer)];
    case 2: {
      const [first = null, second = null] = coinbase.feeTransfers;
      // Enough to open the receiver's account, whatever the fee transfer takes.
      const amount = ACCOUNT_CREATION_FEE + (first?.fee ?? 0n);
      return [part(amount, first), part(whole - amount, second)];
    }
  }
}

/**
 * What each key is owed: provers their fees, less what a coinbase has paid them; the coinbase
 * receiver what the commands' fees leave over.
 */
function singleTransfersOf(
  { commands, completedWorks }: PaidWork,
  coinbases: readonly Coinbase[],
  coinbaseReceiver: PublicKey,
): SingleTransfer[] {
  const works = completedWorks.filter(({ prover }) => prover !== coinbaseReceiver);
  const viaCoinbase = coinbases.flatMap(({ feeTransfer }) => feeTransfer ?? []);
  const budget = sum(commands.map(({ command }) => command.fee));
  const owed = sum(works.map(({ fee }) => fee)) - sum(viaCoinbase.map(({ fee }) => fee));
  const left = budget - (owed > 0n ? owed : 0n);
  if (left < 0n) {
    throw new InvalidTransactionError(
      `the works cost ${owed}, expected at most the ${budget} that the commands pay in fees`,
    );
  }
  const totals = new Map<PublicKey, bigint>([[coinbaseReceiver, left]]);
  for (const { prover, fee } of works) totals.set(prover, (totals.get(prover) ?? 0n) + fee);
  for (const { receiver, fee } of viaCoinbase) {
    totals.set(receiver, (totals.get(receiver) ?? 0n) - fee);
  }
  return Array.from(totals, ([receiver, fee]) => ({ receiver, fee })).filter(({ fee }) => fee > 0n);
}

/** Pairs are made in the order of the keys as numbers, which is not that of their texts. */
function pairsOf(transfers: readonly SingleTransfer[]): FeeTransfer[] {
  const sorted = transfers.toSorted((a, b) => compareKeys(a.receiver, b.receiver));
  return Array.from({ length: Math.ceil(sorted.length / 2) }, (_, pair) => {
    const [first, second] = sorted.slice(2 * pair, 2 * pair + 2);
    return { kind: "fee_transfer", transfers: second === undefined ? [first!] : [first!, second] };
  });
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
