// Replays the target's commands block by block, proves every ledger hash, and records the accounts
// that each block accessed and created.

import {
  type AccessedAccount,
  type CreatedAccount,
  type ReplayBlock,
  RowIds,
  readReplayBlocks,
  refreshStatistics,
  writeAccounts,
} from "@forklift/archive";
import { least } from "@forklift/chain";
import { ACCOUNT_CREATION_FEE, type Ledger } from "@forklift/ledger";
import { type BatchStage, ConfigError, SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { hasCheckpoint, writeCheckpoint } from "../checkpoint/write-checkpoint.ts";
import { replayBlock } from "../replay-block.ts";
import { ledgerAfter } from "../starting-point.ts";
import {
  findBlockAtHeight,
  findLastRecorded,
  findTip,
  type TargetBlock,
} from "../target-blocks.ts";
import type { ReplayerWorld } from "../world.ts";

/** Bounds one transaction: at most 128 commands a block, hence some 25,000 accessed accounts. */
const BATCH_BLOCKS_MAX = 100n;

interface Plan {
  /** The target's highest block. */
  readonly tip: TargetBlock;
  /** The highest block whose accounts stand in the target; below it every block was replayed. */
  readonly lastRecorded: TargetBlock;
  /** The checkpoints went with a run that was killed, its accounts did not: one is written again. */
  readonly hasCheckpointOfTip: boolean;
}

/** The last replayed block. Heights travel as text, JSON has no bigint. */
interface Cursor {
  readonly height: string;
  readonly stateHash: string;
}

interface Tools {
  readonly world: ReplayerWorld;
  readonly ledger: Ledger;
  readonly rowIds: RowIds;
  /** Where and when the last checkpoint was written: a file, so no cursor could know. */
  lastCheckpoint: { readonly height: bigint; readonly atMs: number };
}

export const replayCommands: BatchStage<ReplayerWorld, Session, Plan, Cursor, Tools> = {
  id: "replay-commands",
  kind: "batches",

  async plan({ target, checkpoints, network }) {
    const tip = await findTip(target);
    const lastRecorded = await findLastRecorded(target);
    if (tip === null || lastRecorded === null) {
      throw new ConfigError(`the target ${target.maskedUrl} holds no migrated chain to replay`, {
        hint: "run forklift migrate first",
      });
    }
    const hasCheckpointOfTip = await hasCheckpoint(checkpoints, network.name, tip);
    return { tip, lastRecorded, hasCheckpointOfTip };
  },

  /** Without a mark, as after the restore of a dump, the rows themselves tell where to start. */
  resume({ tip, lastRecorded, hasCheckpointOfTip }, mark) {
    const last = (mark as Cursor | null) ?? cursorAt(lastRecorded);
    if (BigInt(last.height) < lastRecorded.height) {
      throw new ConfigError(
        `the progress mark of replay-commands stands at height ${last.height}, but accounts are ` +
          `recorded up to height ${lastRecorded.height}`,
        { hint: "the target was changed by another program; start again from an empty target" },
      );
    }
    if (last.stateHash === tip.stateHash && hasCheckpointOfTip) {
      return { skip: `every block up to height ${tip.height} has been replayed already` };
    }
    return last;
  },

  async open(world, _plan, cursor) {
    const replayed = await findBlockAtHeight(world.target, BigInt(cursor.height));
    if (replayed?.stateHash !== cursor.stateHash) {
      throw new ConfigError(
        `the progress mark of replay-commands names block ${cursor.stateHash} at height ` +
          `${cursor.height}, the target has ${replayed?.stateHash ?? "none"} there`,
        { hint: "the target was changed by another program; start again from an empty target" },
      );
    }
    const ledger = await ledgerAfter(world, replayed);
    const lastCheckpoint = { height: replayed.height, atMs: world.now() };
    return { world, ledger, rowIds: new RowIds(), lastCheckpoint };
  },

  async run(tx, tools, { tip }, cursor) {
    const { world, ledger, rowIds, lastCheckpoint } = tools;
    const from = BigInt(cursor.height) + 1n;
    const nextCheckpoint = lastCheckpoint.height + world.checkpointIntervalBlocks;
    const to = least(from + BATCH_BLOCKS_MAX - 1n, nextCheckpoint, tip.height);
    const blocks = await readReplayBlocks(tx, { from, to });
    requireWhole(blocks, { from, to });

    const accessed: AccessedAccount[] = [];
    const created: CreatedAccount[] = [];
    for (const block of blocks) {
      const effect = replayBlock(ledger, block, world.network);
      for (const ledgerIndex of effect.accessed) {
        accessed.push({ blockId: block.id, ledgerIndex, account: ledger.account(ledgerIndex) });
      }
      for (const index of effect.created) {
        const account = ledger.account(index);
        created.push({ blockId: block.id, account, creationFee: ACCOUNT_CREATION_FEE });
      }
    }
    const rowCount = await writeAccounts(tx, rowIds, accessed, created);
    const isLast = to === tip.height;
    if (isLast) await refreshStatistics(tx);
    const last = blocks.at(-1) ?? tip;
    await writeCheckpointIfDue(tools, last, isLast);
    return {
      cursor: cursorAt(last),
      isLast,
      rowCount,
      progress: { done: to, total: tip.height, unit: "blocks" },
    };
  },

  /** The official replayer's own questions, asked of the tables rather than of the ledger. */
  async verify({ target }) {
    const [row] = await target.query<{ orphaned: string; accounts: string; greatest: string }>(
      `select
         (select count(*) from accounts_created c where not exists (
            select from accounts_accessed a where a.block_id = c.block_id
              and a.account_identifier_id = c.account_identifier_id)) as orphaned,
         count(distinct account_identifier_id) as accounts,
         max(ledger_index) + 1 as greatest
       from accounts_accessed`,
    );
    return [
      { name: "accounts created but not accessed", expected: "0", actual: row!.orphaned },
      { name: "accounts in ledger order", expected: String(row!.greatest), actual: row!.accounts },
    ];
  },
};

/**
 * Before the batch commits: a crash in between leaves a checkpoint ahead of the accounts, which the
 * next run passes over and writes again; the other order could lose one.
 */
async function writeCheckpointIfDue(
  tools: Tools,
  block: TargetBlock,
  isLast: boolean,
): Promise<void> {
  const { world, ledger, lastCheckpoint } = tools;
  const blocksSince = block.height - lastCheckpoint.height;
  const msSince = world.now() - lastCheckpoint.atMs;
  const isDue =
    isLast ||
    blocksSince >= world.checkpointIntervalBlocks ||
    msSince >= world.checkpointIntervalMs;
  if (!isDue) return;
  const { height, stateHash, globalSlotSinceGenesis } = block;
  const ledgerHash = ledger.ledgerHash();
  await writeCheckpoint(world.checkpoints, world.network.name, {
    height,
    stateHash,
    globalSlotSinceGenesis,
    ledgerHash,
    ledger,
  });
  tools.lastCheckpoint = { height, atMs: world.now() };
}

function requireWhole(
  blocks: readonly ReplayBlock[],
  { from, to }: { readonly from: bigint; readonly to: bigint },
): void {
  const gap = blocks.findIndex(({ height }, index) => height !== from + BigInt(index));
  const missing = gap >= 0 ? from + BigInt(gap) : from + BigInt(blocks.length);
  if (gap < 0 && missing === to + 1n) return;
  throw new SourceDataError(`the target has no block linked to its parent at height ${missing}`, {
    hint: "run forklift migrate again, or start from an empty target",
  });
}

function cursorAt({ height, stateHash }: Pick<TargetBlock, "height" | "stateHash">): Cursor {
  return { height: String(height), stateHash };
}
