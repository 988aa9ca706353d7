// Writes accounts as they stand at the end of a block, with all that their rows refer to.

import type { Account, Timing } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { findOrInsert, type IdsOf } from "./find-or-insert.ts";
import {
  accountIdentifiers,
  publicKeys,
  timingInfo,
  tokenSymbols,
  tokens,
  votingFor,
} from "./keyed-tables.ts";
import { permissionsId } from "./permissions.ts";
import type { RowIds } from "./row-ids.ts";

/** An account as a block left it. */
export interface AccessedAccount {
  readonly blockId: number;
  /** The account's index in the Merkle ledger. */
  readonly ledgerIndex: number;
  readonly account: Account;
}

export interface CreatedAccount {
  readonly blockId: number;
  readonly account: Pick<Account, "publicKey">;
  /** Nanomina. */
  readonly creationFee: bigint;
}

/** The token of every account before Berkeley: the field element 1 in base58check. */
export const DEFAULT_TOKEN = "wSHV2S4qX9jFsLjQo8r1BsMLH2ZRKsZx6EJd1sbozGPieEC4Jf";

/** How the Berkeley archive writes an untimed account: a row of zeros, not a null. */
const UNTIMED: Timing = {
  initialMinimumBalance: 0n,
  cliffTime: 0n,
  cliffAmount: 0n,
  vestingPeriod: 0n,
  vestingIncrement: 0n,
};

/**
 * Writes the rows of `accounts_accessed` and `accounts_created`; every created account is also
 * among the accessed ones. The caller owns the transaction. Returns the number of rows written.
 */
export async function writeAccounts(
  target: Session,
  rowIds: RowIds,
  accessed: readonly AccessedAccount[],
  created: readonly CreatedAccount[],
): Promise<number> {
  if (accessed.length === 0) return 0;
  const accounts = accessed.map(({ account }) => account);
  const keyIds = await findOrInsert(
    target,
    rowIds,
    publicKeys,
    accounts.flatMap(({ publicKey, delegate }): string[] => [publicKey, delegate]),
  );
  const identifierIds = await identifyAccounts(target, rowIds, accounts, keyIds);
  const timingKey = (account: Account) => ({
    accountIdentifierId: identifierIds(account),
    ...(account.timing ?? UNTIMED),
  });
  const timingIds = await findOrInsert(target, rowIds, timingInfo, accounts.map(timingKey));
  const votingForIds = await findOrInsert(
    target,
    rowIds,
    votingFor,
    accounts.map((account): string => account.votingFor),
  );
  const symbolId = (await findOrInsert(target, rowIds, tokenSymbols, [""]))("");
  const permissions = await permissionsId(target, rowIds);

  const accessedRows = await target.copyIn(
    "accounts_accessed",
    ACCESSED_COLUMNS,
    accessed.map(({ ledgerIndex, blockId, account }) => [
      ledgerIndex,
      blockId,
      identifierIds(account),
      symbolId,
      account.balance,
      account.nonce,
      account.receiptChainHash,
      keyIds(account.delegate),
      votingForIds(account.votingFor),
      timingIds(timingKey(account)),
      permissions,
    ]),
  );
  const createdRows = await target.copyIn(
    "accounts_created",
    ["block_id", "account_identifier_id", "creation_fee"],
    created.map(({ blockId, account, creationFee }) => [
      blockId,
      identifierIds(account),
      creationFee,
    ]),
  );
  await rowIds.syncSequences(target);
  return accessedRows + createdRows;
}

const ACCESSED_COLUMNS = [
  "ledger_index",
  "block_id",
  "account_identifier_id",
  "token_symbol_id",
  "balance",
  "nonce",
  "receipt_chain_hash",
  "delegate_id",
  "voting_for_id",
  "timing_id",
  "permissions_id",
] as const;

async function identifyAccounts(
  target: Session,
  rowIds: RowIds,
  accounts: readonly Account[],
  keyIds: IdsOf<string>,
): Promise<IdsOf<Pick<Account, "publicKey">>> {
  const tokenId = (await findOrInsert(target, rowIds, tokens, [DEFAULT_TOKEN]))(DEFAULT_TOKEN);
  const identifierOf = ({ publicKey }: Pick<Account, "publicKey">) => ({
    publicKeyId: keyIds(publicKey),
    tokenId,
  });
  const ids = await findOrInsert(target, rowIds, accountIdentifiers, accounts.map(identifierOf));
  return (account) => ids(identifierOf(account));
}
