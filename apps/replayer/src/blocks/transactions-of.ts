// From the rows of a block to the transactions that the ledger applies: fee transfers that share a
// sequence number are one pair, and a coinbase takes its fee transfer with it. It is the way back from
// `includedInternalCommands` of the ledger, out of rows that anybody may have changed.

import type { PlacedCommand } from "@forklift/archive";
import type { SingleTransfer, Transaction } from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";

/** A transaction and the rows that it was made of. */
export interface PlacedTransaction {
  readonly transaction: Transaction;
  readonly commands: readonly [PlacedCommand, ...PlacedCommand[]];
}

/**
 * @param commands the block's commands by sequence_no, secondary_sequence_no, coinbase first.
 * @throws SourceDataError when an internal command has no partner, or one too many.
 */
export function transactionsOf(commands: readonly PlacedCommand[]): PlacedTransaction[] {
  const transactions: PlacedTransaction[] = [];
  for (let next = 0; next < commands.length; ) {
    const first = commands[next]!;
    const partner = partnerOf(first, commands[next + 1]);
    transactions.push(
      partner === undefined
        ? { transaction: single(first), commands: [first] }
        : { transaction: paired(first, partner), commands: [first, partner] },
    );
    next += partner === undefined ? 1 : 2;
  }
  return transactions;
}

function partnerOf(first: PlacedCommand, second: PlacedCommand | undefined) {
  if (first.kind !== "internal" || second?.kind !== "internal") return undefined;
  if (first.sequenceNo !== second.sequenceNo) return undefined;
  return second;
}

function single(placed: PlacedCommand): Transaction {
  if (placed.kind === "user") return { kind: "user_command", command: placed.command };
  switch (placed.command.type) {
    case "coinbase":
      return coinbase(placed, null);
    case "fee_transfer":
      return { kind: "fee_transfer", transfers: [transferOf(placed)] };
    case "fee_transfer_via_coinbase":
      throw misplaced(placed, "a fee transfer via coinbase without its coinbase");
  }
}

type InternalPlaced = Extract<PlacedCommand, { kind: "internal" }>;

function paired(first: PlacedCommand, second: InternalPlaced): Transaction {
  if (first.kind !== "internal") throw misplaced(first, "a user command with a partner");
  const types = `${first.command.type}, ${second.command.type}`;
  if (types === "fee_transfer, fee_transfer") {
    return { kind: "fee_transfer", transfers: [transferOf(first), transferOf(second)] };
  }
  if (types === "coinbase, fee_transfer_via_coinbase") return coinbase(first, transferOf(second));
  throw misplaced(first, `two internal commands that make no pair (${types})`);
}

function coinbase({ command }: InternalPlaced, feeTransfer: SingleTransfer | null): Transaction {
  return { kind: "coinbase", receiver: command.receiver, amount: command.fee, feeTransfer };
}

function transferOf({ command }: InternalPlaced): SingleTransfer {
  return { receiver: command.receiver, fee: command.fee };
}

function misplaced({ sequenceNo, command }: PlacedCommand, what: string): SourceDataError {
  return new SourceDataError(`sequence_no ${sequenceNo} (${command.hash}) is ${what}`, {
    hint:
      "compare the block's rows of blocks_internal_commands and blocks_user_commands with its " +
      "precomputed block: forklift verify --blocks names every row that differs",
  });
}
