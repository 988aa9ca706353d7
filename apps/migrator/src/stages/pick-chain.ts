// Picks the chain that is to be copied from block files: from its last block down along the hashes of parents. A
// parent's name is known from its child only, so that the chain is kept in the target, to be read forwards.

import { createHash } from "node:crypto";
import {
  type BlockMark,
  createPickedChain,
  parseBlockMark,
  pickedBlocks,
  progressMarks,
  removePickedChain,
  writePickedChain,
} from "@forklift/archive";
import { type BlockRef, parseStateHash } from "@forklift/chain";
import { BatchSize, type BatchStage, ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type BlockLink, type PickStatistics, pickChain } from "@forklift/precomputed";
import type { MigratorContext } from "../context.ts";
import { partingHeight } from "../origin/files-origin.ts";
import {
  firstHeight,
  PICK_STAGE,
  type Picking,
  pickedPart,
  rangeToPick,
} from "../origin/picked-chain.ts";
import { changedTarget } from "../preflight/changed-target.ts";
import { chooseRange, otherChain } from "../preflight/migration-range.ts";

/** One transaction: what a crash can undo. */
const BATCH_TARGET_MS = 2_000;

/** Blocks of a batch, of which each takes a few hundred bytes. */
const BATCH_BLOCKS_MIN = 50;
const BATCH_BLOCKS_MAX = 10_000;

interface Plan extends Picking {
  /** The lowest block that the target keeps; null for none. */
  readonly lowest: BlockRef | null;
  /** Whether what it keeps is of another chain, and goes. */
  readonly isOther: boolean;
}

/** The lowest picked block, and the digest of all of them. */
interface PickedMark extends BlockMark {
  readonly digest: string;
}

/** Null before the first batch. */
type Cursor = PickedMark | null;

interface Tools extends AsyncDisposable, Pick<MigratorContext, "blocks" | "network" | "now"> {
  readonly links: AsyncGenerator<BlockLink>;
  readonly batchSize: BatchSize;
  readonly read: { statistics: PickStatistics };
}

export const pickChainStage: BatchStage<MigratorContext, Session, Plan, Cursor, Tools> = {
  id: PICK_STAGE,
  kind: "batches",

  async plan(context) {
    const { chain, targetTip } = await chooseRange(context, { targetHasSchema: true });
    const { tip } = chain;
    if (targetTip !== null && targetTip.height >= tip.height) {
      return { skip: `the target stands at height ${targetTip.height} already` };
    }
    const picking = { tip, above: targetTip };
    const { is, lowest } = await pickedPart(context.target, picking);
    if (is === "whole") return { skip: `the chain to ${tip.stateHash} is picked already` };
    return { ...picking, lowest, isOther: is === "other" };
  },

  /** The rows are the truth; a mark that says otherwise means that someone else wrote the target. */
  resume({ lowest, isOther }, mark) {
    const cursor = parseCursor(mark);
    if (cursor?.stateHash !== lowest?.stateHash) {
      throw changedTarget(
        `the progress mark of ${PICK_STAGE} stands at ${cursor?.stateHash ?? "none"}, but the lowest picked ` +
          `block is ${lowest?.stateHash ?? "none"}`,
      );
    }
    return isOther ? null : cursor;
  },

  async open({ blocks, network, now }, { tip, above }, cursor) {
    const read = { statistics: { read: 0, unused: 0 } };
    const links = pickChain(blocks, {
      ...rangeToPick(network, { tip: cursor === null ? tip : refOf(cursor), above }),
      onEnd: (statistics) => Object.assign(read, { statistics }),
    });
    // The lowest block is read again for its parent.
    if (cursor !== null) await links.next();
    return {
      ...{ blocks, network, now, links, read },
      batchSize: new BatchSize({
        min: BATCH_BLOCKS_MIN,
        max: BATCH_BLOCKS_MAX,
        targetMs: BATCH_TARGET_MS,
      }),
      async [Symbol.asyncDispose]() {
        await links.return(undefined);
      },
    };
  },

  async run(tx, tools, plan, cursor) {
    const { links, now, batchSize } = tools;
    const first = firstHeight(plan);
    const startedMs = now();
    const batch = await takeBatch(links, batchSize.size, first);
    if (cursor === null) {
      await removePickedChain(tx);
      await createPickedChain(tx);
    }
    await writePickedChain(tx, batch);
    batchSize.adapt(batch.length, now() - startedMs);
    const lowest = batch.at(-1)!;
    const isLast = lowest.height === first;
    if (isLast) await requireEnd(tx, tools, plan, lowest);
    const { height, stateHash } = lowest;
    return {
      cursor: { height: String(height), stateHash, digest: digestOf(batch, cursor?.digest) },
      isLast,
      rowCount: batch.length,
      progress: {
        done: plan.tip.height - height + 1n,
        total: plan.tip.height - first + 1n,
        unit: "blocks",
      },
    };
  },

  summary({ read: { statistics } }) {
    return { details: { filesRead: statistics.read, filesNotUsed: statistics.unused } };
  },

  /** Reads back what `run` wrote, from below; the copy proves every link once more. */
  async verify({ target }, plan) {
    const cursor = parseCursor(await progressMarks(target).load(PICK_STAGE));
    const first = firstHeight(plan);
    let digest = NO_BLOCKS;
    let next = first;
    for await (const block of pickedBlocks(target, 0n)) {
      digest = digestOf([block], digest);
      if (block.height === next) next++;
    }
    return [
      {
        name: "blocks in a row",
        expected: String(plan.tip.height - first + 1n),
        actual: String(next - first),
      },
      { name: "digest of the blocks", expected: cursor?.digest ?? "none", actual: digest },
    ];
  },
};

/** The last batch ends at the first height: what is below it, nobody asked for. */
async function takeBatch(
  links: AsyncGenerator<BlockLink>,
  blocksMax: number,
  first: bigint,
): Promise<readonly BlockLink[]> {
  const batch: BlockLink[] = [];
  while (batch.length < blocksMax && batch.at(-1)?.height !== first) {
    const next = await links.next();
    if (next.done === true) break;
    batch.push(next.value);
  }
  return batch;
}

/**
 * @throws ConfigError when the walk has come down beside the target's tip, saying where they part;
 * SourceDataError when it has come down beside the genesis block.
 */
async function requireEnd(
  tx: Session,
  { blocks, network, links }: Tools,
  { tip, above }: Picking,
  lowest: BlockLink,
): Promise<void> {
  if (above !== null && lowest.parentHash !== above.stateHash) {
    const beside = { height: above.height, stateHash: lowest.parentHash };
    const common = await partingHeight({ blocks, network }, beside, tx);
    throw otherChain(tx, { targetTip: above, tip, common });
  }
  await links.next();
}

const DIGEST_HEX = 64;
const NO_BLOCKS = "0".repeat(DIGEST_HEX);
const DIGEST_MASK = 2n ** 256n - 1n;

/** The sum of the blocks' hashes: in whichever order they are read, it is the same. */
function digestOf(blocks: readonly BlockRef[], digest: string = NO_BLOCKS): string {
  let sum = BigInt(`0x${digest}`);
  for (const { height, stateHash } of blocks) {
    const hash = createHash("sha256").update(`${height} ${stateHash}`).digest("hex");
    sum = (sum + BigInt(`0x${hash}`)) & DIGEST_MASK;
  }
  return sum.toString(16).padStart(DIGEST_HEX, "0");
}

function refOf({ height, stateHash }: BlockMark): BlockRef {
  return { height: BigInt(height), stateHash: parseStateHash(stateHash) };
}

/** @throws ConfigError when it is none. */
function parseCursor(mark: unknown): PickedMark | null {
  const place = parseBlockMark(PICK_STAGE, mark);
  if (place === null) return null;
  const { digest } = mark as { readonly digest?: unknown };
  if (typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest)) return { ...place, digest };
  throw new ConfigError(
    `the progress mark of ${PICK_STAGE} is ${JSON.stringify(mark)}, expected the digest of the picked blocks`,
    { hint: "the target was changed by another program; start again from an empty target" },
  );
}
