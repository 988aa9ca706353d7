// Writes the accounts of the genesis ledger as accessed by the genesis block, which no replay does.

import { RowIds, writeAccounts } from "@forklift/archive";
import { type BatchStage, SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { countGenesisAccounts } from "../genesis-accounts.ts";
import type { MigratorWorld } from "../world.ts";

/** Bounds one transaction; mainnet's 1,676 accounts are one batch. */
const BATCH_ACCOUNTS_MAX = 10_000;

interface Plan {
  readonly accountCount: number;
  /** The first accounts of the ledger, which the target holds already. */
  readonly writtenCount: number;
}

interface Cursor {
  readonly nextIndex: number;
}

interface Tools extends Pick<MigratorWorld, "genesisLedger"> {
  readonly rowIds: RowIds;
  readonly blockId: number;
}

export const writeGenesisAccounts: BatchStage<MigratorWorld, Session, Plan, Cursor, Tools> = {
  id: "write-genesis-accounts",
  kind: "batches",

  async plan({ target, genesisLedger }) {
    const accountCount = genesisLedger.accounts.length;
    const writtenCount = await countGenesisAccounts(target, genesisLedger);
    if (writtenCount === accountCount) {
      return { skip: `the target holds the ${accountCount} genesis accounts already` };
    }
    return { accountCount, writtenCount };
  },

  resume({ writtenCount }) {
    return { nextIndex: writtenCount };
  },

  async open({ target, genesisLedger }) {
    const [block] = await target.query<{ id: number }>("select id from blocks where height = 1");
    if (block === undefined) throw new SourceDataError("the target has no genesis block");
    return { genesisLedger, rowIds: new RowIds(), blockId: block.id };
  },

  async run(tx, { genesisLedger, rowIds, blockId }, { accountCount }, { nextIndex }) {
    const end = Math.min(nextIndex + BATCH_ACCOUNTS_MAX, accountCount);
    const accessed = genesisLedger.accounts
      .slice(nextIndex, end)
      .map((account, offset) => ({ blockId, ledgerIndex: nextIndex + offset, account }));
    const rowCount = await writeAccounts(tx, rowIds, accessed, []);
    return {
      cursor: { nextIndex: end },
      isLast: end === accountCount,
      rowCount,
      progress: { done: BigInt(end), total: BigInt(accountCount), unit: "accounts" },
    };
  },

  async verify({ target, genesisLedger }) {
    const [row] = await target.query<{ count: string; greatest: string; balance: string }>(
      `select count(distinct ledger_index) as count, max(ledger_index) as greatest,
              sum(balance::numeric) as balance
       from accounts_accessed where block_id = (select id from blocks where height = 1)`,
    );
    const { accounts } = genesisLedger;
    const balance = accounts.reduce((sum, account) => sum + account.balance, 0n);
    return [
      { name: "genesis accounts", expected: String(accounts.length), actual: row!.count },
      {
        name: "greatest ledger index",
        expected: String(accounts.length - 1),
        actual: String(row!.greatest),
      },
      { name: "sum of genesis balances", expected: String(balance), actual: row!.balance },
    ];
  },
};
