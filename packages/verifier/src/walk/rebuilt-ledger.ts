// The ledger rebuilt from the rows of `accounts_accessed` alone: no command is applied. Its root at
// every block is the proof of every value in those rows. Blocks beside the chain are taken back behind them.

import { FormatError } from "@forklift/chain";
import {
  type Account,
  Ledger,
  type LedgerTree,
  type Mark,
  openLedgerTree,
  ReceiptBatches,
} from "@forklift/ledger";
import type { Session } from "@forklift/postgres";
import { accountOfRow } from "../account-rows.ts";
import type { Row } from "../compare-rows.ts";
import { selectAccounts } from "./target-rows.ts";

export interface AccountChange {
  readonly after: Account;
  /** Null when no block below has a row of the account. */
  readonly before: Account | null;
  /** Where the ledger has the account, or puts it; the row must say the same. */
  readonly ledgerIndex: number;
  readonly row: Row;
}

export interface BadRow {
  readonly row: Row;
  readonly reason: string;
}

/** The newest row of every account on the chain up to a height. */
const NEWEST = `
  ${selectAccounts()}
  join (
    select distinct on (accessed.account_identifier_id)
           accessed.account_identifier_id, accessed.block_id
    from accounts_accessed accessed join blocks on blocks.id = accessed.block_id
    where blocks.height <= $1 and blocks.chain_status = 'canonical'
    order by accessed.account_identifier_id, blocks.height desc
  ) newest on newest.account_identifier_id = a.account_identifier_id
     and newest.block_id = a.block_id
  order by a.ledger_index, key.value collate "C"`;

/** Heights below which threads for the hashes would take longer to start than to help. */
const THREAD_PAYS_HEIGHTS = 500n;

export class RebuiltLedger implements AsyncDisposable {
  readonly ledger: Ledger;
  /** The hashes of the accounts as they stand whenever they are asked for. */
  readonly tree: LedgerTree;
  /** Extends the receipt chains of accounts. */
  readonly receipts: ReceiptBatches;
  /** The moments before the blocks of the branch that the ledger stands on, from the chain up. */
  readonly #marks: Mark[] = [];

  private constructor(ledger: Ledger, threads: number) {
    this.ledger = ledger;
    this.tree = openLedgerTree(ledger, threads);
    this.receipts = new ReceiptBatches(threads);
  }

  /** As it stands after the block of the chain at that height, 0n being before genesis, to be led up to another. */
  static async at(
    target: Session,
    { from, to, threads }: { readonly from: bigint; readonly to: bigint; readonly threads: number },
  ): Promise<RebuiltLedger> {
    const ledger = new Ledger();
    if (from > 0n) {
      // A row that is no account is missed in the hash of this ledger.
      for await (const row of target.rows<Row>(NEWEST, [from])) applyRows(ledger, [row]);
    }
    return new RebuiltLedger(ledger, to - from < THREAD_PAYS_HEIGHTS ? 1 : threads);
  }

  /**
   * Takes back what the last blocks did, so that the next one stands on its parent.
   * @param depth how many blocks the next one stands above the chain; 0 on it.
   */
  standFor(depth: number): void {
    const first = this.#marks[Math.max(depth - 1, 0)];
    if (first !== undefined) this.ledger.rollBack(first);
    this.#marks.length = Math.min(this.#marks.length, Math.max(depth - 1, 0));
    if (depth > 0) this.#marks.push(this.ledger.mark());
  }

  /** Takes over the rows of one block, which ascend by their ledger index. */
  apply(rows: readonly Row[]): AppliedRows {
    return applyRows(this.ledger, rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receipts[Symbol.asyncDispose]();
    await this.tree[Symbol.asyncDispose]();
  }
}

export interface AppliedRows {
  readonly changes: readonly AccountChange[];
  readonly badRows: readonly BadRow[];
}

function applyRows(ledger: Ledger, rows: readonly Row[]): AppliedRows {
  const changes: AccountChange[] = [];
  const badRows: BadRow[] = [];
  for (const row of rows) {
    try {
      changes.push(applyRow(ledger, row));
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof RangeError)) throw error;
      badRows.push({ row, reason: error.message });
    }
  }
  return { changes, badRows };
}

function applyRow(ledger: Ledger, row: Row): AccountChange {
  const after = accountOfRow(row);
  const known = ledger.find(after.publicKey);
  if (known === undefined) {
    return { after, before: null, ledgerIndex: ledger.append(after), row };
  }
  ledger.replace(known.index, after);
  return { after, before: known.account, ledgerIndex: known.index, row };
}
