// Which blocks of the source form the chain that is migrated. The official tool writes the answer
// into the source (`chain_status = 'canonical'`); here it is computed and the source is only read.

import { type BlockRef, least, type StateHash } from "@forklift/chain";
import { ConfigError, SourceDataError, UsageError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { isPending, type SourceStatus, statusInWords, statusOf } from "./chain-status.ts";
import { auditError, type Finding, mendingFile, repeatedBlock } from "./source-finding.ts";
import { highestCanonical } from "./source-tip.ts";
import { blockRef, type RowOfBlock } from "./source-value.ts";

/** Where a run is to end; both null means the highest canonical block. */
export interface StopPoint {
  readonly forkStateHash: StateHash | null;
  readonly stopAtHeight: bigint | null;
}

/** The chain: canonical blocks up to `canonicalHeight`, then `tail`, which ends in `tip`. */
export interface SourceChain {
  readonly tip: BlockRef;
  readonly canonicalHeight: bigint;
  /** Blocks that the source holds as pending, in ascending height. */
  readonly tail: readonly BlockRef[];
  /**
   * Of a chain whose damage is mended by block files: by height the blocks that are not, or not alone, what the
   * source calls canonical there. They are the tail, and the source may lack them.
   */
  readonly mended?: ReadonlyMap<bigint, BlockRef>;
}

interface WalkedBlock extends BlockRef {
  readonly status: SourceStatus;
  readonly parentHash: string;
}

/** A pending tail is some 290 blocks; a longer walk means that this is not a tail. */
const TAIL_BLOCKS_MAX = 50_000;

/** What a chain is walked in: the source, and where its canonical chain ends. */
interface Walk {
  readonly source: Session;
  /** The prefix of block files. */
  readonly network: string;
  readonly canonicalTip: BlockRef;
}

/**
 * @param network the prefix of the block files that a refusal names.
 * @throws SourceDataError when the source has no canonical block, or the stop point is orphaned,
 * unknown, off the canonical chain or behind a gap; UsageError when two stop options disagree.
 */
export async function selectChain(
  source: Session,
  stop: StopPoint,
  network: string,
): Promise<SourceChain> {
  const canonicalTip = await highestCanonical(source);
  const walk: Walk = { source, network, canonicalTip };
  const { forkStateHash, stopAtHeight } = stop;
  if (forkStateHash !== null) {
    const chain = await chainEndingIn(walk, forkStateHash);
    if (stopAtHeight !== null && stopAtHeight !== chain.tip.height) {
      throw new UsageError(
        `--fork-state-hash ${forkStateHash} stands at height ${chain.tip.height}, ` +
          `--stop-at-height says ${stopAtHeight}`,
        { hint: "give one of them, or two that agree" },
      );
    }
    return chain;
  }
  if (stopAtHeight === null) return canonicalUpTo(canonicalTip);
  if (stopAtHeight < 1n) {
    throw new UsageError(`--stop-at-height ${stopAtHeight} is below 1`, {
      hint: "give the height of a block; that of the genesis block is 1",
    });
  }
  if (stopAtHeight <= canonicalTip.height) {
    const tip = await chainBlockAt(source, canonicalUpTo(canonicalTip), stopAtHeight);
    if (tip !== null) return canonicalUpTo(tip);
    throw new SourceDataError(`the source has no canonical block at height ${stopAtHeight}`, {
      hint: "forklift audit names the missing block and its file",
    });
  }
  return await chainThroughHeight(walk, stopAtHeight);
}

/**
 * The blocks of a chain in SQL: `$1` is its canonical height, `$2` the state hashes of its tail. The
 * alias is that of a `blocks` in the query around it.
 */
export function chainCondition(alias: string): string {
  return `((${alias}.chain_status = 'canonical' and ${alias}.height <= $1)
           or ${alias}.state_hash = any($2))`;
}

/** The blocks of the chain above a height, ascending, in constant memory. */
export async function* chainBlocks(
  source: Session,
  chain: SourceChain,
  above: bigint,
): AsyncGenerator<BlockRef> {
  const { canonicalHeight, tail, mended } = chain;
  if (mended !== undefined) {
    yield* mendedBlocks(source, chain, above);
    return;
  }
  const rows = source.rows<RowOfBlock>(
    `select b.height, b.state_hash from blocks b
     where ${chainCondition("b")} and b.height > $3 order by b.height`,
    [canonicalHeight, tail.map(({ stateHash }) => stateHash), above],
  );
  for await (const row of rows) yield blockRef(row);
}

/** Heights of a mended chain that are asked for at once. */
const HEIGHTS_PER_PAGE = 10_000n;

async function* mendedBlocks(
  source: Session,
  chain: SourceChain,
  above: bigint,
): AsyncGenerator<BlockRef> {
  for (let from = above + 1n; from <= chain.tip.height; from += HEIGHTS_PER_PAGE) {
    const to = least(from + HEIGHTS_PER_PAGE - 1n, chain.tip.height);
    yield* await mendedBlocksBetween(source, chain, { from, to });
  }
}

/** The blocks of a mended chain at heights up to its tip, ascending: one at each. */
export async function mendedBlocksBetween(
  source: Session,
  { mended, canonicalHeight }: SourceChain,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<BlockRef[]> {
  const rows = await source.query<RowOfBlock>(
    `select height, state_hash from blocks
     where chain_status = 'canonical' and height between $1 and $2`,
    [from, least(to, canonicalHeight)],
  );
  const byHeight = new Map<bigint, BlockRef>();
  for (const row of rows) {
    if (!mended!.has(BigInt(row.height))) byHeight.set(BigInt(row.height), blockRef(row));
  }
  const blocks: BlockRef[] = [];
  for (let height = from; height <= to; height++) {
    const block = mended!.get(height) ?? byHeight.get(height);
    if (block === undefined) throw changedMeanwhile(height);
    blocks.push(block);
  }
  return blocks;
}

function changedMeanwhile(height: bigint): SourceDataError {
  return new SourceDataError(
    `the source has lost its canonical block at height ${height} since its chain was mended`,
    { hint: "let nobody else write the source, then run again" },
  );
}

/** The block of the chain at a height; null above its tip and in a gap. */
export async function chainBlockAt(
  source: Session,
  { tail, canonicalHeight, mended }: SourceChain,
  height: bigint,
): Promise<BlockRef | null> {
  const instead = mended?.get(height);
  if (instead !== undefined) return instead;
  if (height > canonicalHeight) return tail.find((block) => block.height === height) ?? null;
  const [row] = await source.query<RowOfBlock>(
    "select height, state_hash from blocks where chain_status = 'canonical' and height = $1",
    [height],
  );
  return row === undefined ? null : blockRef(row);
}

/** The height of a block, whatever its chain status is; null when the source does not have it. */
export async function sourceHeightOf(source: Session, stateHash: string): Promise<bigint | null> {
  const [row] = await source.query<{ height: string }>(
    "select height from blocks where state_hash = $1",
    [stateHash],
  );
  return row === undefined ? null : BigInt(row.height);
}

function canonicalUpTo(tip: BlockRef): SourceChain {
  return { tip, canonicalHeight: tip.height, tail: [] };
}

async function chainEndingIn(walk: Walk, stateHash: StateHash): Promise<SourceChain> {
  const found = await chainOrLeft(walk, stateHash);
  if (!("left" in found)) return found;
  throw new SourceDataError(found.left, {
    hint: "the network has left this branch; check the hash",
  });
}

/** A block that the source has, on a branch that its canonical chain does not go on with. */
export interface LeftBranch {
  /** A sentence that names the block, and the one where the branches part. */
  readonly left: string;
}

/**
 * The chain that ends in a block, as `selectChain` chooses it, or why the network has left that branch.
 * @param network the prefix of the block files that a refusal names.
 * @throws SourceDataError when the source does not have the block or has no canonical one, or a gap below it.
 */
export async function findChain(
  source: Session,
  stateHash: StateHash,
  network: string,
): Promise<SourceChain | LeftBranch> {
  const canonicalTip = await highestCanonical(source);
  return await chainOrLeft({ source, network, canonicalTip }, stateHash);
}

async function chainOrLeft(
  { source, network, canonicalTip }: Walk,
  stateHash: StateHash,
): Promise<SourceChain | LeftBranch> {
  const walked = await walkToCanonical(source, stateHash);
  requireEachOnce(walked);
  const tip = walked.at(-1);
  if (tip === undefined) {
    throw new SourceDataError(`the source has no block ${stateHash}`, {
      hint: "check the hash, or wait until the archive node has received the block",
    });
  }
  const orphan = walked.find(({ status }) => status === "orphaned");
  if (orphan !== undefined) {
    const what = orphan === tip ? "is orphaned" : "descends from an orphaned block";
    return {
      left:
        `block ${stateHash} at height ${tip.height} ${what} (${orphan.stateHash}, ` +
        `height ${orphan.height})`,
    };
  }
  const root = walked[0]!;
  if (root.status !== "canonical") throw await brokenAncestry(source, { tip, root, network });
  if (tip.status === "canonical") return canonicalUpTo(tip);
  if (root.stateHash !== canonicalTip.stateHash) {
    return {
      left:
        `block ${stateHash} leaves the canonical chain at height ${root.height}, below the highest ` +
        `canonical block ${canonicalTip.stateHash} at height ${canonicalTip.height}`,
    };
  }
  return { tip, canonicalHeight: canonicalTip.height, tail: walked.slice(1).map(refOf) };
}

interface BrokenAncestry {
  readonly tip: BlockRef;
  /** The lowest block that the walk came to. */
  readonly root: WalkedBlock;
  readonly network: string;
}

/** Refused as the audit refuses: with the file that fixes it, and the same document. */
async function brokenAncestry(source: Session, broken: BrokenAncestry): Promise<SourceDataError> {
  const finding = await brokenFinding(source, broken);
  return refusal(finding);
}

function refusal(finding: Finding): SourceDataError {
  return auditError({ findings: [finding], counts: { [finding.kind]: 1 }, stoppingCount: 1 });
}

async function brokenFinding(
  source: Session,
  { tip, root, network }: BrokenAncestry,
): Promise<Finding> {
  const ends = `the ancestry of ${tip.stateHash} ends at height ${root.height} in ${root.stateHash}, `;
  if (!isPending(root.status)) {
    return {
      ...rootFinding(root),
      kind: "chain-status",
      fault: `${ends}which ${statusInWords(root.status)}`,
      mend: null,
    };
  }
  const parentHeight = await sourceHeightOf(source, root.parentHash);
  if (parentHeight === null) {
    const place = { height: root.height - 1n, stateHash: root.parentHash };
    return {
      ...place,
      kind: "missing-block",
      parentHash: null,
      fault: `${ends}whose parent ${root.parentHash} is missing`,
      mend: mendingFile("add", network, place),
      stopsMigration: true,
    };
  }
  return {
    ...rootFinding(root),
    kind: "height",
    fault: `${ends}whose parent ${root.parentHash} stands at height ${parentHeight}`,
    mend: mendingFile("replace", network, root),
  };
}

function rootFinding({ height, stateHash, parentHash }: WalkedBlock) {
  return { height, stateHash, parentHash, stopsMigration: true };
}

/** As the source has it: its state hash need not be one. */
interface LinkedRow {
  readonly height: bigint;
  readonly stateHash: string;
  readonly parentHash: string;
}

/**
 * Rows of one block of which each says something else lead the walk on twice.
 * @throws SourceDataError naming the block.
 */
export function requireEachOnce(walked: readonly LinkedRow[]): void {
  const seen = new Set<string>();
  for (const block of walked) {
    if (seen.has(block.stateHash)) throw refusal(repeatedBlock(block));
    seen.add(block.stateHash);
  }
}

/** The highest blocks that are not orphaned, in the order of their state hashes; none of an empty source. */
export async function highestTips(source: Session): Promise<BlockRef[]> {
  return (await rowsOfHighestTips(source)).map(blockRef);
}

async function rowsOfHighestTips(source: Session): Promise<RowOfBlock[]> {
  return await source.query<RowOfBlock>(
    `select height, state_hash from blocks
     where height = (select max(b.height) from blocks b where ${statusOf("b")} <> 'orphaned')
       and ${statusOf("blocks")} <> 'orphaned' order by state_hash`,
  );
}

/** Above the canonical chain the one highest tip decides, as the network's longest chain does. */
async function chainThroughHeight(walk: Walk, height: bigint): Promise<SourceChain> {
  const { source } = walk;
  const tips = await rowsOfHighestTips(source);
  const highest = BigInt(tips[0]?.height ?? 0);
  const hashes = tips.map((tip) => tip.state_hash).join(" and ");
  if (highest < height) {
    throw new SourceDataError(
      `the source ends at height ${highest} (${hashes}), --stop-at-height says ${height}`,
      { hint: "wait until the archive node has received the block, or choose a lower height" },
    );
  }
  // One after the other: a session takes one query at a time.
  const chains: SourceChain[] = [];
  for (const tip of tips) {
    chains.push(await chainEndingIn(walk, blockRef(tip).stateHash));
  }
  const [chosen, ...others] = chains.map((chain) => cutAt(chain, height));
  const rival = others.find((other) => other.tip.stateHash !== chosen!.tip.stateHash);
  if (rival !== undefined) {
    throw new SourceDataError(
      `two chains of height ${highest} part at or below height ${height}: ${hashes}`,
      { hint: "name the block itself with --fork-state-hash" },
    );
  }
  return chosen!;
}

function cutAt(chain: SourceChain, height: bigint): SourceChain {
  const tail = chain.tail.filter((block) => block.height <= height);
  return { ...chain, tail, tip: tail.at(-1)! };
}

/**
 * From a block down to its first ancestor that is not pending, in ascending height. Heights descend, so
 * the walk ends even where links form a circle: below a block whose parent stands no lower.
 */
async function walkToCanonical(source: Session, from: StateHash): Promise<WalkedBlock[]> {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    status: SourceStatus;
  }>(
    `with recursive walk as (
       select parent_hash, height, state_hash, chain_status from blocks where state_hash = $1
       union
       select parent.parent_hash, parent.height, parent.state_hash, parent.chain_status
       from blocks parent join walk
         on parent.state_hash = walk.parent_hash and parent.height < walk.height
       where ${statusOf("walk")} = 'pending'
     )
     select height, state_hash, parent_hash, chain_status as status from walk order by height limit $2`,
    [from, TAIL_BLOCKS_MAX + 1],
  );
  if (rows.length > TAIL_BLOCKS_MAX) {
    throw new ConfigError(
      `more than ${TAIL_BLOCKS_MAX} pending blocks lie between ${from} and the canonical chain`,
      { hint: "the chain status of this archive is out of date; let its archive node catch up" },
    );
  }
  return rows.map((row) => ({
    ...blockRef(row),
    status: row.status,
    parentHash: row.parent_hash,
  }));
}

function refOf({ height, stateHash }: WalkedBlock): BlockRef {
  return { height, stateHash };
}
