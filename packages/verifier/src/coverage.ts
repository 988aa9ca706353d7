// The checks that prove each column of the migrated tables. The columns are read from the catalog
// when a verification runs: one that is missing here has no proof, and the report says so.

import type { Catalog } from "@forklift/postgres";
import type { CheckResult } from "./check-result.ts";
import { type RestsOn, restsBefore, restsOf, type Witnesses, weakerOf } from "./rests-on.ts";
import { FILLED_TABLES, type FilledTable } from "./tables.ts";

/** What a column rests on. */
export type Proof =
  | "state hash"
  | "ledger hash"
  | "receipt chain"
  | "recomputed transaction hash"
  | "signature"
  | "commands"
  | "equal to the source"
  | "equal to the precomputed block"
  | "equal to the genesis ledger"
  | "chain"
  | "constant"
  | "row identity"
  | "earlier run";

/** A proof, and the check that carries it out. */
type Ground = readonly [proof: Proof, check: string];

const STATE: Ground = ["state hash", "precomputed-equal"];
const LEDGER: Ground = ["ledger hash", "ledger-hash-at-every-block"];
const GENESIS: Ground = ["equal to the genesis ledger", "genesis-accounts-equal"];
const RECEIPT: Ground = ["receipt chain", "receipt-chains"];
const COMMANDS: Ground = ["commands", "accounts-follow-commands"];
const CONSTANT: Ground = ["constant", "no-foreign-rows"];

/** Which row it is, is established by what refers to it; a serial number means nothing by itself. */
const IDENTITY: readonly Ground[] = [["row identity", "no-dangling-references"]];

const SOURCE_BLOCK: Ground = ["equal to the source", "block-columns-equal"];
const SOURCE_HASHES: Ground = ["equal to the source", "blocks-equal"];

/** The receipt chain covers what the fee payer signed. */
const SIGNED: readonly Ground[] = [
  RECEIPT,
  ["recomputed transaction hash", "user-commands-precomputed"],
  ["equal to the source", "user-commands-equal"],
];
const HASHED: readonly Ground[] = SIGNED.slice(1);
const SIGNATURE: Ground = ["signature", "signatures"];
const IN_USER_BLOCK: readonly Ground[] = [
  ["equal to the precomputed block", "user-commands-precomputed"],
  ["equal to the source", "user-commands-equal"],
];
const INTERNAL: readonly Ground[] = [
  ["recomputed transaction hash", "internal-commands-precomputed"],
  ["equal to the source", "internal-commands-equal"],
];
const IN_INTERNAL_BLOCK: readonly Ground[] = [
  ["equal to the precomputed block", "internal-commands-precomputed"],
  ["equal to the source", "internal-commands-equal"],
];
const ACCOUNT: readonly Ground[] = [LEDGER, GENESIS];
const CREATED: readonly Ground[] = [COMMANDS, ["equal to the source", "accounts-created-equal"]];
const NO_MORE: Ground = ["row identity", "no-unreferenced-rows"];
const NO_OTHER: Ground = ["row identity", "no-repeated-rows"];

/** Of the rows that a run does not look at, because they are proven: no other check covers them. */
const EARLIER: Ground = ["earlier run", "proven-part-unchanged"];

/** The grounds for accounts at blocks whose ledger hash is required, and at genesis. */
const OF_ACCOUNTS = new Set([LEDGER[1], GENESIS[1]]);

const PERMISSION_COLUMNS = [
  ...["edit_state", "send", "receive", "access", "set_delegate", "set_permissions"],
  ...["set_verification_key_auth", "set_verification_key_txn_version", "set_zkapp_uri"],
  ...["edit_action_state", "set_token_symbol", "increment_nonce", "set_voting_for", "set_timing"],
];

const GROUNDS: Readonly<Record<FilledTable, Readonly<Record<string, readonly Ground[]>>>> = {
  blocks: {
    id: IDENTITY,
    state_hash: [STATE, SOURCE_HASHES],
    parent_id: [["chain", "chain-connected"]],
    parent_hash: [STATE, ["chain", "chain-connected"], SOURCE_BLOCK],
    creator_id: [STATE, SOURCE_BLOCK],
    block_winner_id: [STATE, SOURCE_BLOCK],
    last_vrf_output: [STATE],
    snarked_ledger_hash_id: [STATE],
    staking_epoch_data_id: [STATE],
    next_epoch_data_id: [STATE],
    min_window_density: [STATE],
    sub_window_densities: [STATE],
    total_currency: [STATE],
    ledger_hash: [STATE, SOURCE_HASHES],
    height: [STATE, ["chain", "nothing-but-canonical"]],
    global_slot_since_hard_fork: [STATE, SOURCE_BLOCK],
    global_slot_since_genesis: [STATE, SOURCE_BLOCK],
    protocol_version_id: [CONSTANT],
    proposed_protocol_version_id: [["constant", "precomputed-equal"]],
    timestamp: [STATE, SOURCE_BLOCK],
    chain_status: [
      ["constant", "nothing-but-canonical"],
      ["equal to the source", "branch-statuses-equal"],
    ],
  },
  epoch_data: {
    id: [...IDENTITY, NO_MORE],
    seed: [STATE],
    ledger_hash_id: [STATE],
    total_currency: [STATE],
    start_checkpoint: [STATE],
    lock_checkpoint: [STATE],
    epoch_length: [STATE],
  },
  snarked_ledger_hashes: { id: [...IDENTITY, NO_MORE], value: [STATE] },
  protocol_versions: {
    id: [...IDENTITY, NO_MORE],
    transaction: [CONSTANT],
    network: [CONSTANT],
    patch: [CONSTANT],
  },
  public_keys: { id: [...IDENTITY, NO_MORE], value: [STATE, LEDGER, ...HASHED] },
  user_commands: {
    id: [...IDENTITY, NO_MORE],
    command_type: SIGNED,
    fee_payer_id: SIGNED,
    source_id: SIGNED,
    receiver_id: SIGNED,
    nonce: SIGNED,
    amount: SIGNED,
    fee: SIGNED,
    valid_until: SIGNED,
    memo: SIGNED,
    hash: [...HASHED, SIGNATURE],
  },
  blocks_user_commands: {
    block_id: [...IN_USER_BLOCK, ["row identity", "every-row-seen"]],
    user_command_id: IN_USER_BLOCK,
    sequence_no: IN_USER_BLOCK,
    status: [COMMANDS, ...IN_USER_BLOCK],
    failure_reason: IN_USER_BLOCK,
  },
  internal_commands: {
    id: [...IDENTITY, NO_MORE],
    command_type: INTERNAL,
    receiver_id: [COMMANDS, ...INTERNAL],
    fee: [COMMANDS, ...INTERNAL],
    hash: INTERNAL,
  },
  blocks_internal_commands: {
    block_id: [...IN_INTERNAL_BLOCK, ["row identity", "every-row-seen"]],
    internal_command_id: IN_INTERNAL_BLOCK,
    sequence_no: IN_INTERNAL_BLOCK,
    secondary_sequence_no: IN_INTERNAL_BLOCK,
    status: [
      ["constant", "internal-commands-precomputed"],
      ["constant", "internal-commands-equal"],
    ],
    failure_reason: [
      ["constant", "internal-commands-precomputed"],
      ["constant", "internal-commands-equal"],
    ],
  },
  tokens: {
    id: [...IDENTITY, NO_MORE],
    value: [CONSTANT],
    owner_public_key_id: [CONSTANT],
    owner_token_id: [CONSTANT],
  },
  token_symbols: { id: [...IDENTITY, NO_MORE, NO_OTHER], value: [CONSTANT] },
  voting_for: { id: [...IDENTITY, NO_MORE, NO_OTHER], value: ACCOUNT },
  account_identifiers: {
    id: [...IDENTITY, NO_MORE],
    public_key_id: [...ACCOUNT, ["commands", "accounts-accessed-complete"]],
    token_id: [CONSTANT],
  },
  timing_info: {
    id: [...IDENTITY, NO_MORE, NO_OTHER],
    account_identifier_id: ACCOUNT,
    initial_minimum_balance: ACCOUNT,
    cliff_time: ACCOUNT,
    cliff_amount: ACCOUNT,
    vesting_period: ACCOUNT,
    vesting_increment: ACCOUNT,
  },
  zkapp_permissions: {
    id: [...IDENTITY, NO_MORE, NO_OTHER],
    ...Object.fromEntries(PERMISSION_COLUMNS.map((column) => [column, [CONSTANT]])),
  },
  accounts_accessed: {
    ledger_index: ACCOUNT,
    block_id: [LEDGER, ["commands", "accounts-accessed-complete"]],
    account_identifier_id: [...ACCOUNT, ["commands", "accounts-accessed-complete"]],
    token_symbol_id: [CONSTANT],
    balance: [...ACCOUNT, COMMANDS],
    nonce: [...ACCOUNT, COMMANDS],
    receipt_chain_hash: [...ACCOUNT, RECEIPT],
    delegate_id: [...ACCOUNT, COMMANDS],
    voting_for_id: ACCOUNT,
    timing_id: ACCOUNT,
    permissions_id: [CONSTANT],
    zkapp_id: [["constant", "no-dangling-references"], CONSTANT],
  },
  accounts_created: {
    block_id: CREATED,
    account_identifier_id: CREATED,
    creation_fee: CREATED,
  },
};

/** None for a column that we do not know, whatever an object has by nature under its name. */
function groundsOf(table: FilledTable, column: string): readonly Ground[] {
  const columns = GROUNDS[table];
  return Object.hasOwn(columns, column) ? columns[column]! : [];
}

/** The checks any of which can establish `table.column`; none for a column that no check knows. */
export function checksOfColumn(name: string): readonly string[] {
  const [table, column] = name.split(".") as [FilledTable, string];
  return groundsOf(table, column).map(([, check]) => check);
}

export interface Coverage {
  /** Of the tables that a migration fills. */
  readonly columns: number;
  readonly proven: number;
  /** `table.column` of every column that no check of this verification established. */
  readonly unproven: readonly string[];
  /** `table.column` of every proven column, and what it rests on. */
  readonly by: Readonly<Record<string, readonly Proof[]>>;
  /** Of every proven column, what settles it for all rows: of what was proven before and of what is new, the weaker. */
  readonly restsOn: RestsOn;
  /** Of both parts for themselves, where an earlier run has proven one. */
  readonly parts?: { readonly before: RestsOn; readonly now: RestsOn };
}

export interface CoverageOptions {
  /** The ledger hash of the last block was not demanded, and there is no next one that its accounts could rest on. */
  readonly isTipExcepted?: boolean;
  /** Default: one file, and no signature was checked. */
  readonly witnesses?: Witnesses;
  /** What the columns of the proven part rest on, as far as it was told. */
  readonly before?: RestsOn | undefined;
}

const ONE_FILE: Witnesses = { files: 1, isSigned: false, hasPending: false };

/**
 * A column is proven when at least one of its checks has run and none that has run failed. After
 * an earlier run it rests on that one's proof, too, and on a check of this run only if it had rows to look at.
 * @param results of the checks that were run.
 */
export function coverageOf(
  catalog: Catalog,
  results: readonly CheckResult[],
  { isTipExcepted = false, witnesses = ONE_FILE, before: told }: CoverageOptions = {},
): Coverage {
  const answers = new Map(results.map(({ id, ok }) => [id, ok]));
  const saysNothing = (check: string) =>
    answers.get(check) === true &&
    ((isTipExcepted && OF_ACCOUNTS.has(check)) ||
      // Those of a part of the blocks speak for no other.
      (check === SIGNATURE[1] && !witnesses.isSigned));
  const isContinued = answers.has(EARLIER[1]);
  const idle = new Set(results.filter(({ compared }) => compared === 0).map(({ id }) => id));
  const by: Record<string, readonly Proof[]> = {};
  const unproven: string[] = [];
  for (const table of FILLED_TABLES) {
    for (const { name } of catalog.tables[table]?.columns ?? []) {
      const own = groundsOf(table, name).filter(
        ([, check]) => answers.has(check) && !saysNothing(check),
      );
      const asked = isContinued && own.length > 0 ? [EARLIER, ...own] : own;
      const isProven = asked.length > 0 && asked.every(([, check]) => answers.get(check));
      const grounds = isContinued ? asked.filter(([, check]) => !idle.has(check)) : asked;
      if (isProven) by[`${table}.${name}`] = [...new Set(grounds.map(([proof]) => proof))];
      else unproven.push(`${table}.${name}`);
    }
  }
  const proven = Object.keys(by).length;
  const counts = { columns: proven + unproven.length, proven, unproven, by };
  const now = restsOf(by, witnesses);
  if (!isContinued) return { ...counts, restsOn: now };
  const before = restsBefore(Object.keys(by), told);
  return { ...counts, restsOn: weakerOf(before, now), parts: { before, now } };
}
