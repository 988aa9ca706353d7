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
  readonly ledgerIndex: number;
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
  const accounts = rowIds.accounts;
  const delegateId = await identifyAccounts(target, rowIds, accessed);
  const timingId = await identifyTimings(target, rowIds, accessed);
  const votingForIds = await findOrInsert(
    target,
    rowIds,
    votingFor,
    accessed.map(({ account }): string => account.votingFor),
  );
  const symbolId = (await findOrInsert(target, rowIds, tokenSymbols, [""]))("");
  const permissions = await permissionsId(target, rowIds);

  const accessedRows = await target.copyIn(
    "accounts_accessed",
    ACCESSED_COLUMNS,
    accessed.map((written) => [
      written.ledgerIndex,
      written.blockId,
      accounts.identifierId(written.ledgerIndex),
      symbolId,
      written.account.balance,
      written.account.nonce,
      written.account.receiptChainHash,
      delegateId(written),
      votingForIds(written.account.votingFor),
      timingId(written),
      permissions,
    ]),
  );
  const createdRows = await target.copyIn(
    "accounts_created",
    ["block_id", "account_identifier_id", "creation_fee"],
    created.map(({ blockId, ledgerIndex, creationFee }) => [
      blockId,
      accounts.identifierId(ledgerIndex),
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

/** Makes every account known. Gives the ids of their delegates. */
async function identifyAccounts(
  target: Session,
  rowIds: RowIds,
  accessed: readonly AccessedAccount[],
): Promise<IdsOf<AccessedAccount>> {
  const ids = rowIds.accounts;
  const unknown = new Map<number, Account>();
  const keys: string[] = [];
  for (const { ledgerIndex, account } of accessed) {
    if (!ids.isKnown(ledgerIndex)) {
      unknown.set(ledgerIndex, account);
      keys.push(account.publicKey);
    }
    if (account.delegate !== account.publicKey) keys.push(account.delegate);
  }
  const keyIds = await findOrInsert(target, rowIds, publicKeys, keys);
  if (unknown.size > 0) {
    const tokenId = (await findOrInsert(target, rowIds, tokens, [DEFAULT_TOKEN]))(DEFAULT_TOKEN);
    const identifierOf = ({ publicKey }: Account) => ({ publicKeyId: keyIds(publicKey), tokenId });
    const identifiers = [...unknown.values()].map(identifierOf);
    const identifierIds = await findOrInsert(target, rowIds, accountIdentifiers, identifiers);
    for (const [ledgerIndex, account] of unknown) {
      ids.remember(ledgerIndex, keyIds(account.publicKey), identifierIds(identifierOf(account)));
    }
  }
  return ({ ledgerIndex, account: { publicKey, delegate } }) =>
    delegate === publicKey ? ids.keyId(ledgerIndex) : keyIds(delegate);
}

/** Of accounts that are known. Hardly one of them is timed. */
async function identifyTimings(
  target: Session,
  rowIds: RowIds,
  accessed: readonly AccessedAccount[],
): Promise<IdsOf<AccessedAccount>> {
  const ids = rowIds.accounts;
  const isAsked = ({ ledgerIndex, account: { timing } }: AccessedAccount) =>
    timing !== null || !ids.isUntimedKnown(ledgerIndex);
  const keyOf = ({ ledgerIndex, account: { timing } }: AccessedAccount) => ({
    accountIdentifierId: ids.identifierId(ledgerIndex),
    ...(timing ?? UNTIMED),
  });
  const asked = accessed.filter(isAsked);
  const timingIds = await findOrInsert(target, rowIds, timingInfo, asked.map(keyOf));
  for (const one of asked) {
    if (one.account.timing === null) ids.rememberUntimed(one.ledgerIndex, timingIds(keyOf(one)));
  }
  return (one) =>
    one.account.timing === null ? ids.untimedId(one.ledgerIndex) : timingIds(keyOf(one));
}
