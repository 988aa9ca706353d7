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
  const identifierId = await identifyAccounts(target, rowIds, accounts, keyIds);
  const timingId = await identifyTimings(target, rowIds, accounts, { keyIds, identifierId });
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
      identifierId(account),
      symbolId,
      account.balance,
      account.nonce,
      account.receiptChainHash,
      keyIds(account.delegate),
      votingForIds(account.votingFor),
      timingId(account),
      permissions,
    ]),
  );
  const createdRows = await target.copyIn(
    "accounts_created",
    ["block_id", "account_identifier_id", "creation_fee"],
    created.map(({ blockId, account, creationFee }) => [
      blockId,
      identifierId(account),
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

type Keyed = Pick<Account, "publicKey">;

async function identifyAccounts(
  target: Session,
  rowIds: RowIds,
  accounts: readonly Keyed[],
  keyIds: IdsOf<string>,
): Promise<IdsOf<Keyed>> {
  const { identifiers } = rowIds.accounts;
  const keyIdOf = ({ publicKey }: Keyed) => keyIds(publicKey);
  const unknown = [...new Set(accounts.map(keyIdOf))].filter((keyId) => !identifiers.has(keyId));
  if (unknown.length > 0) {
    const tokenId = (await findOrInsert(target, rowIds, tokens, [DEFAULT_TOKEN]))(DEFAULT_TOKEN);
    const keys = unknown.map((publicKeyId) => ({ publicKeyId, tokenId }));
    const ids = await findOrInsert(target, rowIds, accountIdentifiers, keys);
    for (const key of keys) identifiers.set(key.publicKeyId, ids(key));
  }
  return (account) => identifiers.get(keyIdOf(account));
}

/** Hardly an account is timed. */
async function identifyTimings(
  target: Session,
  rowIds: RowIds,
  accounts: readonly Account[],
  ids: { readonly keyIds: IdsOf<string>; readonly identifierId: IdsOf<Keyed> },
): Promise<IdsOf<Account>> {
  const { untimed } = rowIds.accounts;
  const keyIdOf = ({ publicKey }: Keyed) => ids.keyIds(publicKey);
  const keyOf = (account: Account) => ({
    accountIdentifierId: ids.identifierId(account),
    ...(account.timing ?? UNTIMED),
  });
  const asked = accounts.filter(
    (account) => account.timing !== null || !untimed.has(keyIdOf(account)),
  );
  const timingIds = await findOrInsert(target, rowIds, timingInfo, asked.map(keyOf));
  for (const account of asked) {
    if (account.timing === null) untimed.set(keyIdOf(account), timingIds(keyOf(account)));
  }
  return (account) =>
    account.timing === null ? untimed.get(keyIdOf(account)) : timingIds(keyOf(account));
}
