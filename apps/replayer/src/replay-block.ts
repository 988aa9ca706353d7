// Applies one block to the ledger and compares everything that the archive recorded of it.

import type { PlacedCommand, ReplayBlock } from "@forklift/archive";
import {
  applyTransaction,
  InvalidTransactionError,
  type Ledger,
  type Outcome,
} from "@forklift/ledger";
import type { Network } from "@forklift/network";
import { SourceDataError, VerificationError } from "@forklift/pipeline";
import { type PlacedTransaction, transactionsOf } from "./transactions-of.ts";

/** Ledger indexes of the accounts that a block accessed and created. */
export interface BlockEffect {
  /** Ascending; an account stands here once, however many commands touched it. */
  readonly accessed: readonly number[];
  /** In the order of creation. */
  readonly created: readonly number[];
}

/**
 * Advances the ledger by one block.
 * @throws VerificationError at the first status, failure reason or ledger hash that differs, naming
 * height, state hash, command and both values.
 */
export function replayBlock(
  ledger: Ledger,
  block: ReplayBlock,
  { ledgerHashExceptions }: Pick<Network, "ledgerHashExceptions">,
): BlockEffect {
  const accessed = new Set<number>();
  const created: number[] = [];
  for (const placed of placedTransactions(block)) {
    const outcome = applyPlaced(ledger, block, placed);
    for (const index of outcome.accessed) accessed.add(index);
    created.push(...outcome.created);
  }
  const ledgerHash = ledger.ledgerHash();
  if (ledgerHash !== block.ledgerHash && !ledgerHashExceptions.has(block.stateHash)) {
    throw difference(block, `has ledger hash ${block.ledgerHash}, its replay gives ${ledgerHash}`);
  }
  return { accessed: [...accessed].sort((a, b) => a - b), created };
}

function placedTransactions(block: ReplayBlock): PlacedTransaction[] {
  try {
    return transactionsOf(block.commands);
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    throw difference(block, error.message);
  }
}

function applyPlaced(
  ledger: Ledger,
  block: ReplayBlock,
  { transaction, commands: [first] }: PlacedTransaction,
): Outcome {
  let outcome: Outcome;
  try {
    outcome = applyTransaction(ledger, transaction, block.parentSlot);
  } catch (cause) {
    if (!(cause instanceof InvalidTransactionError)) throw cause;
    throw difference(block, `${describe(first)} cannot be applied: ${cause.message}`, cause);
  }
  if (first.kind === "user") compareStatus(block, first, outcome);
  return outcome;
}

function compareStatus(
  block: ReplayBlock,
  recorded: Extract<PlacedCommand, { kind: "user" }>,
  { status, failureReason }: Outcome,
): void {
  if (recorded.status === status && recorded.failureReason === failureReason) return;
  const text = (command: Pick<Outcome, "status" | "failureReason">) =>
    command.failureReason === null
      ? command.status
      : `${command.status} (${command.failureReason})`;
  throw difference(
    block,
    `${describe(recorded)} is recorded as ${text(recorded)}, its replay gives ` +
      text({ status, failureReason }),
  );
}

function describe({ sequenceNo, command }: PlacedCommand): string {
  return `${command.type} ${command.hash} (sequence_no ${sequenceNo})`;
}

function difference(block: ReplayBlock, what: string, cause?: unknown): VerificationError {
  return new VerificationError(`block ${block.stateHash} at height ${block.height}: ${what}`, {
    cause,
    hint: "this block or one before it is not what the network applied; run forklift verify",
  });
}
