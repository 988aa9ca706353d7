// Applies the commands of one block to the ledger, and compares what the archive recorded of each.

import type { PlacedCommand, ReplayBlock } from "@forklift/archive";
import { FormatError } from "@forklift/chain";
import {
  applyTransaction,
  extendReceiptChains,
  InvalidTransactionError,
  type Ledger,
  type Outcome,
} from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";
import { describeCommand, difference } from "./difference.ts";
import { type PlacedTransaction, transactionsOf } from "./transactions-of.ts";

/** Ledger indexes of the accounts that a block accessed and created. */
export interface BlockEffect {
  /** Ascending; an account stands here once, however many commands touched it. */
  readonly accessed: readonly number[];
  /** In the order of creation. */
  readonly created: readonly number[];
}

type PlacedUserCommand = Extract<PlacedCommand, { kind: "user" }>;

/** Told of every transaction of a block as soon as the ledger holds it. */
export type AppliedTransaction = (block: ReplayBlock, placed: PlacedTransaction) => void;

export interface ApplyOptions {
  readonly applied?: AppliedTransaction;
  /** Of its user commands in their order, computed before; null computes them here. */
  readonly receiptChains?: readonly Uint8Array[] | null;
}

/**
 * Advances the ledger by one block. The caller computes its ledger hash.
 * @throws VerificationError at the first command that cannot be applied, or whose status or failure
 * reason differs, naming height, state hash, command and both values.
 */
export function applyBlock(
  ledger: Ledger,
  block: ReplayBlock,
  { applied = () => undefined, receiptChains = null }: ApplyOptions = {},
): BlockEffect {
  const accessed = new Set<number>();
  const created: number[] = [];
  const chains = receiptChainsOf(ledger, block, receiptChains);
  for (const placed of placedTransactions(block)) {
    const outcome = applyPlaced(ledger, block, placed, chains.get(placed.commands[0]));
    applied(block, placed);
    for (const index of outcome.accessed) accessed.add(index);
    created.push(...outcome.created);
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

/** In their order. */
export function userCommandsOf({ commands }: ReplayBlock): readonly PlacedUserCommand[] {
  return commands.filter(({ kind }) => kind === "user") as PlacedUserCommand[];
}

/** Hashed together; a command that cannot be hashed is reported when it is its turn. */
function receiptChainsOf(
  ledger: Ledger,
  block: ReplayBlock,
  known: readonly Uint8Array[] | null,
): ReadonlyMap<PlacedCommand, Uint8Array> {
  const placed = userCommandsOf(block);
  try {
    const commands = placed.map(({ command }) => command);
    const chains = known ?? extendReceiptChains(ledger, commands);
    return new Map(placed.map((one, at) => [one, chains[at]!]));
  } catch (error) {
    if (!isUnfit(error)) throw error;
    return new Map();
  }
}

/** A text that is malformed, or a number that is wider than the protocol's. */
function isUnfit(error: unknown): error is Error {
  return error instanceof FormatError || error instanceof RangeError;
}

function applyPlaced(
  ledger: Ledger,
  block: ReplayBlock,
  { transaction, commands: [first] }: PlacedTransaction,
  receiptChainHash: Uint8Array | undefined,
): Outcome {
  let outcome: Outcome;
  try {
    const options = receiptChainHash === undefined ? {} : { receiptChainHash };
    outcome = applyTransaction(ledger, transaction, block.parentSlot, options);
  } catch (cause) {
    if (!(cause instanceof InvalidTransactionError || isUnfit(cause))) throw cause;
    const what = `${describeCommand(first)} cannot be applied: ${cause.message}`;
    throw difference(block, what, { cause });
  }
  if (first.kind === "user") compareStatus(block, first, outcome);
  return outcome;
}

function compareStatus(
  block: ReplayBlock,
  recorded: PlacedUserCommand,
  { status, failureReason }: Outcome,
): void {
  if (recorded.status === status && recorded.failureReason === failureReason) return;
  const text = (command: Pick<Outcome, "status" | "failureReason">) =>
    command.failureReason === null
      ? command.status
      : `${command.status} (${command.failureReason})`;
  throw difference(
    block,
    `${describeCommand(recorded)} is recorded as ${text(recorded)}, its replay gives ` +
      text({ status, failureReason }),
  );
}
