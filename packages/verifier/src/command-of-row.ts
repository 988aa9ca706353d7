// A user command out of its row.

import {
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
 * @throws FormatError for a number that is none.
 */
export function commandOfRow(row: Row): UserCommand {
  const text = (column: string) => row[column] ?? "";
  const optional = (column: string, max: bigint) => {
    const value = row[column] ?? null;
    return value === null ? null : parseUnsigned(value, max);
  };
  return {
    type: text("command_type") as UserCommandType,
    feePayer: text("fee_payer") as PublicKey,
    source: text("source") as PublicKey,
    receiver: text("receiver") as PublicKey,
    nonce: parseUnsigned(text("nonce"), UINT32_MAX),
    amount: optional("amount", UINT64_MAX),
    fee: parseUnsigned(text("fee"), UINT64_MAX),
    validUntil: optional("valid_until", UINT32_MAX),
    memo: text("memo") as Memo,
    hash: text("hash") as TransactionHash,
  };
}
