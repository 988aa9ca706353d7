// The statements that mend the operator's own pre-fork archive: written here, run by psql, never by us. Every value is
// of a verified block file or follows from one; each statement says what should be, so that a script may run twice.

import type { BlockRef } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { quoteIdentifier } from "@forklift/postgres";
import { type CommandsToMend, commandStatements } from "./command-statements.ts";
import { keyId, keyInserted, literal, valueInserted, whole } from "./script-values.ts";

/** Null is the SQL null. */
export type MendedValue = string | bigint | number | null;

/** The columns of `blocks` that refer to a public key by its value. */
const KEY_COLUMNS = new Set(["creator_id", "block_winner_id"]);

/** What a block of the source is to be like. */
export interface BlockToMend {
  readonly ref: BlockRef;
  /** A line each, for those who read the script. */
  readonly remarks: readonly string[];
  /** Of its row, by column, a key by its value: what is otherwise; of a block that is missing, all. */
  readonly columns: Readonly<Record<string, MendedValue>>;
  /** Null where the source has the block. */
  readonly missing: MissingBlock | null;
  /** Ids of rows in `blocks` beside the one that stays. */
  readonly repeatedIds: readonly string[];
  /** Null where they are right. Else all of them are written anew, with the balances that the block recorded. */
  readonly commands: CommandsToMend | null;
}

/** What a row of `blocks` refers to besides public keys. */
export interface MissingBlock {
  readonly snarkedLedgerHash: string;
  readonly stakingEpoch: EpochOfBlock;
  readonly nextEpoch: EpochOfBlock;
}

interface EpochOfBlock {
  readonly seed: string;
  readonly ledgerHash: string;
}

export const SCRIPT_HEAD = `-- Mends a pre-fork archive by values of verified block files. Written by forklift audit --sql, run by nobody
-- but you: psql -v ON_ERROR_STOP=1 -f THIS_FILE DATABASE. It may run twice, and is one transaction.
begin;
`;

export const SCRIPT_FOOT = "commit;\n";

/** In the order in which they run, each ended by a semicolon. */
export function mendingStatements(block: BlockToMend): string[] {
  const { ref, remarks, columns, missing, repeatedIds, commands } = block;
  return [
    `-- height ${ref.height}, state_hash ${ref.stateHash}`,
    ...remarks.map((remark) => `--   ${remark}`),
    ...repeatedIds.flatMap((id) => withoutRepeated(ref, id)),
    ...(missing === null ? updatedBlock(ref, columns) : insertedBlock(ref, columns, missing)),
    ...(commands === null ? [] : commandStatements(ref, commands)),
    linked(ref),
  ];
}

function updatedBlock({ stateHash }: BlockRef, columns: BlockToMend["columns"]): string[] {
  const keys = Object.entries(columns).filter(([name]) => KEY_COLUMNS.has(name));
  return [
    ...keys.map(([, key]) => keyInserted(String(key))),
    ...Object.entries(columns).map(
      ([name, value]) =>
        `update blocks set ${quoteIdentifier(name)} = ${valueSql(name, value)} ` +
        `where state_hash = ${literal(stateHash)} and ${quoteIdentifier(name)} is distinct from ${valueSql(name, value)};`,
    ),
  ];
}

function insertedBlock(
  { stateHash }: BlockRef,
  columns: BlockToMend["columns"],
  { snarkedLedgerHash, stakingEpoch, nextEpoch }: MissingBlock,
): string[] {
  const values: Readonly<Record<string, string>> = {
    state_hash: literal(stateHash),
    ...Object.fromEntries(
      Object.entries(columns).map(([name, value]) => [name, valueSql(name, value)]),
    ),
    snarked_ledger_hash_id: ledgerHashId(snarkedLedgerHash),
    staking_epoch_data_id: epochId(stakingEpoch),
    next_epoch_data_id: epochId(nextEpoch),
  };
  const keys = Object.entries(columns).filter(([name]) => KEY_COLUMNS.has(name));
  const hashes = [snarkedLedgerHash, stakingEpoch.ledgerHash, nextEpoch.ledgerHash];
  return [
    ...keys.map(([, key]) => keyInserted(String(key))),
    ...hashes.map((hash) => valueInserted("snarked_ledger_hashes", hash)),
    ...[stakingEpoch, nextEpoch].map(epochInserted),
    `insert into blocks (${Object.keys(values).map(quoteIdentifier).join(", ")}) ` +
      `select ${Object.values(values).join(", ")} ` +
      `where not exists (select from blocks where state_hash = ${literal(stateHash)});`,
  ];
}

/** The next archive node goes by ids, to the parent and from the children. */
function linked({ stateHash }: BlockRef): string {
  return (
    "update blocks child set parent_id = parent.id from blocks parent " +
    "where parent.state_hash = child.parent_hash and child.parent_id is distinct from parent.id " +
    `and ${literal(stateHash)} in (child.state_hash, parent.state_hash);`
  );
}

/** What refers to the row goes with it, but for children, which the row that stays takes over. */
function withoutRepeated({ stateHash }: BlockRef, id: string): string[] {
  const isRepeated = `exists (select from blocks other where other.state_hash = ${literal(stateHash)} and other.id <> ${whole(id)})`;
  return [
    `update blocks set parent_id = (select min(id) from blocks where state_hash = ${literal(stateHash)} ` +
      `and id <> ${whole(id)}) where parent_id = ${whole(id)} and ${isRepeated};`,
    ...["blocks_user_commands", "blocks_internal_commands", "balances"].map(
      (table) => `delete from ${table} where block_id = ${whole(id)} and ${isRepeated};`,
    ),
    `delete from blocks where id = ${whole(id)} and state_hash = ${literal(stateHash)} and ${isRepeated};`,
  ];
}

function valueSql(name: string, value: MendedValue): string {
  if (value === null) return "null";
  if (KEY_COLUMNS.has(name)) return keyId(String(value));
  return typeof value === "string" ? literal(value) : String(value);
}

function ledgerHashId(hash: string): string {
  return `(select min(id) from snarked_ledger_hashes where value = ${literal(hash)})`;
}

function epochId({ seed, ledgerHash }: EpochOfBlock): string {
  return (
    `(select min(id) from epoch_data where seed = ${literal(seed)} ` +
    `and ledger_hash_id = ${ledgerHashId(ledgerHash)})`
  );
}

function epochInserted({ seed, ledgerHash }: EpochOfBlock): string {
  return (
    `insert into epoch_data (seed, ledger_hash_id) select ${literal(seed)}, ${ledgerHashId(ledgerHash)} ` +
    `where ${epochId({ seed, ledgerHash })} is null;`
  );
}

/** What the statements write, by table. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  balances: [
    ...["public_key_id", "balance", "block_id", "block_height", "block_sequence_no"],
    ...["block_secondary_sequence_no", "nonce"],
  ],
  blocks_internal_commands: ["receiver_account_creation_fee_paid", "receiver_balance"],
  blocks_user_commands: [
    ...["receiver_account_creation_fee_paid", "fee_payer_balance", "source_balance"],
    "receiver_balance",
  ],
};

/** @throws SourceDataError for an archive of an older release, whose tables lack columns. */
export async function requireMendable(source: Session): Promise<void> {
  const rows = await source.query<{ place: string }>(
    `select c.relname || '.' || a.attname as place from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped`,
  );
  const there = new Set(rows.map(({ place }) => place));
  const lacking = Object.entries(WRITTEN)
    .flatMap(([table, columns]) => columns.map((column) => `${table}.${column}`))
    .find((place) => !there.has(place));
  if (lacking === undefined) return;
  throw new SourceDataError(
    `the source ${source.maskedUrl} has no column ${lacking}: its schema is that of an older release`,
    { hint: "upgrade the archive's schema by upstream's scripts, then write the statements anew" },
  );
}
