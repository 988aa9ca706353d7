// Writes the accounts of the genesis ledger as accessed by the genesis block, which no replay does.

import { findGenesisBlockId, RowIds, sumGenesisAccounts, writeAccounts } from "@forklift/archive";
import { type BatchStage, SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import { changedTarget } from "../preflight/changed-target.ts";
import { countGenesisAccounts } from "../preflight/genesis-accounts.ts";

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

interface Tools extends Pick<MigratorContext, "genesisLedger"> {
  readonly rowIds: RowIds;
  readonly blockId: number;
}

export const writeGenesisAccounts: BatchStage<MigratorContext, Session, Plan, Cursor, Tools> = {
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

  /** The rows are the truth; a mark that says otherwise means that someone else wrote the target. */
  resume({ writtenCount }, mark) {
    if (mark === null || isCursorAt(writtenCount, mark)) return { nextIndex: writtenCount };
    throw changedTarget(
      `the progress mark of write-genesis-accounts is ${JSON.stringify(mark)}, but the target holds ` +
        `${writtenCount} genesis accounts`,
    );
  },

  async open({ target, genesisLedger }) {
    const blockId = await findGenesisBlockId(target);
    if (blockId === null) {
      throw new SourceDataError("the target has no genesis block", {
        hint: "run forklift migrate on an empty target, which copies the genesis block first",
      });
    }
    return { genesisLedger, rowIds: new RowIds(), blockId };
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
    const sums = await sumGenesisAccounts(target);
    const { accounts } = genesisLedger;
    const balance = accounts.reduce((sum, account) => sum + account.balance, 0n);
    return [
      { name: "genesis accounts", expected: String(accounts.length), actual: sums.count },
      {
        name: "greatest ledger index",
        expected: String(accounts.length - 1),
        actual: String(sums.greatestIndex),
      },
      { name: "sum of genesis balances", expected: String(balance), actual: String(sums.balance) },
    ];
  },
};

function isCursorAt(nextIndex: number, mark: unknown): mark is Cursor {
  return (
    typeof mark === "object" && mark !== null && "nextIndex" in mark && mark.nextIndex === nextIndex
  );
}
