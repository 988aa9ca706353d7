// A user command out of its row. The archive package has its like (command-rows.ts), which this must not be:
// a mistake in one of them is found by the other.

import {
  formatErrorAt,
  type Memo,
  type PublicKey,
  parseUnsigned,
  type TransactionHash,
  UINT32_MAX,
  UINT64_MAX,
  type UserCommand,
  type UserCommandType,
} from "@forklift/chain";
import type { Row } from "./compare-rows.ts";

/**
 * Texts are taken as they are: who hashes them decodes them.
 * @throws FormatError for a number that is none, naming its column.
 */
export function commandOfRow(row: Row): UserCommand {
  const text = (column: string) => row[column] ?? "";
  const number = (column: string, max: bigint) => {
    try {
      return parseUnsigned(text(column), max);
    } catch (error) {
      throw formatErrorAt(`user_commands.${column}`, error);
    }
  };
  const optional = (column: string, max: bigint) =>
    (row[column] ?? null) === null ? null : number(column, max);
  return {
    type: text("command_type") as UserCommandType,
    feePayer: text("fee_payer") as PublicKey,
    source: text("source") as PublicKey,
    receiver: text("receiver") as PublicKey,
    nonce: number("nonce", UINT32_MAX),
    amount: optional("amount", UINT64_MAX),
    fee: number("fee", UINT64_MAX),
    validUntil: optional("valid_until", UINT32_MAX),
    memo: text("memo") as Memo,
    hash: text("hash") as TransactionHash,
  };
}
