// The pending blocks of a living source, replayed in memory: every ledger hash is compared, forks included, before
// any of these blocks is canonical, and nothing is written.
//
// The ledger stands at a root, a canonical block. From there it goes up and down the branches, a mark of its journal
// below every block. What is known of a block is its state hash's for good, so that a later look replays the
// blocks that are new, and the way to them. The root follows the chain at a distance: moving it takes the whole
// way back.

import {
  type PendingHeader,
  type ReplayBlock,
  readPendingHeaders,
  readPlacedCommands,
  sourceHeightOf,
  type TargetBlock,
} from "@forklift/archive";
import type { BlockRef, LedgerHash } from "@forklift/chain";
import { type Ledger, type LedgerTree, openLedgerTree } from "@forklift/ledger";
import { isLedgerHashException, type Network } from "@forklift/network";
import { ConfigError, SourceDataError, VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { applyBlock } from "../blocks/apply-block.ts";
import { difference } from "../blocks/difference.ts";
import { inWalkingOrder, pathTo } from "../tree/block-tree.ts";
import { LedgerWay } from "../tree/ledger-way.ts";
import { nodesOf, planWalk, type WalkStep } from "../tree/plan-walk.ts";
import { READ_NODES, readNodes } from "../tree/read-nodes.ts";
import { judgePending, PENDING_HINT } from "./judge-pending.ts";
import type { PendingReport } from "./pending-report.ts";
import { type PendingNode, type PendingTree, pendingTree } from "./pending-tree.ts";
import { reportTail } from "./report-tail.ts";

/**
 * Blocks above the target's, forks included: an archive of mainnet had 535 on its 290 pending heights. Each takes 1 kB
 * here; one on the way of the ledger, what the journal keeps of it, some 20 kB. So 40 MB at most, and the ledger.
 */
const PENDING_BLOCKS_MAX = 2_000;

/** Blocks that the root stays behind: moving it costs a replay of the whole tail. */
const ROOT_BEHIND_MAX = 64n;

export interface PendingTailOptions {
  readonly network: Network;
  /** Cores to use: with two or more, the ledger tree is hashed on a thread of its own. */
  readonly threads: number;
  /** How many blocks above the target's are looked at; as `PENDING_BLOCKS_MAX` unless it is given. */
  readonly blocksMax?: number;
}

export interface ProveOptions {
  /** Awaited before every read of commands: to spare the source, or to end the look by an error. */
  readonly pause?: () => Promise<void>;
}

/** An answer of the ledger tree that is still to come. */
interface Asked {
  readonly stateHash: string;
  readonly ledgerHash: Promise<LedgerHash>;
}

export class PendingTail implements AsyncDisposable {
  readonly #ledger: Ledger;
  readonly #hashes: LedgerTree;
  readonly #network: Network;
  readonly #blocksMax: number;
  #root: TargetBlock;
  /** That the ledger is that of the first root. */
  #isGood: Promise<void> | null = null;
  readonly #way: LedgerWay;
  /** What the replay gave of blocks that agree, by state hash. */
  readonly #known = new Map<string, LedgerHash>();

  /** @param ledger as it stands after `root`; it belongs to the tail from now on. */
  constructor(ledger: Ledger, root: TargetBlock, options: PendingTailOptions) {
    this.#ledger = ledger;
    this.#way = new LedgerWay(ledger);
    this.#hashes = openLedgerTree(ledger, options.threads);
    this.#network = options.network;
    this.#blocksMax = options.blocksMax ?? PENDING_BLOCKS_MAX;
    this.#root = root;
  }

  /** False for a block that is too far above, or below what the ledger can be taken back to: open another tail. */
  reaches({ height }: Pick<TargetBlock, "height">): boolean {
    return height >= this.#root.height && height - this.#root.height < BigInt(this.#blocksMax) / 2n;
  }

  /**
   * Replays what is pending above a block and is not known yet. After an error the tail is good for another look.
   * @param source in a snapshot, and in the old schema.
   * @param block the highest that the target holds, replayed and verified; canonical in the source.
   * @throws SourceDataError when the source does not lead to the block, or holds a malformed value,
   * VerificationError when the ledger is not that of its block. What differs above is in the report.
   */
  async prove(
    source: Session,
    block: TargetBlock,
    { pause = () => Promise.resolve() }: ProveOptions = {},
  ): Promise<PendingReport> {
    // A ledger of another block would make every pending block look wrong.
    this.#isGood ??= this.#requireLedgerOf(this.#root);
    await this.#isGood;
    this.#requireReach(block);
    let { tree, cutAt } = await this.#readTree(source, block);
    let from = await this.#nodeOf(source, tree, block);
    if (from !== null && block.height - this.#root.height > ROOT_BEHIND_MAX) {
      await this.#moveRoot(source, block, { path: pathTo(from), pause });
      ({ tree, cutAt } = await this.#readTree(source, block));
      from = null;
    }
    this.#forgetWhatChanged(tree);
    const order = inWalkingOrder(tree.nodes.values(), from);
    const wanted = order.filter(({ header }) => !this.#known.has(header.stateHash));
    const steps = planWalk(this.#way.stateHashes, wanted);
    const walked = await this.#walk(source, { steps, pause });
    const descendants = new Set(order);
    const nodes = [...tree.nodes.values()].filter((node) => descendants.has(node));
    const findings = { ledgerHashes: this.#known, refused: walked.refused };
    const verdict = judgePending(nodes, findings, this.#network.ledgerHashExceptions);
    const isAbove = ({ height }: { readonly height: bigint }) => height > block.height;
    const above = [...tree.nodes.values()].filter(({ header }) => isAbove(header));
    return reportTail(
      {
        block,
        nodes,
        unlinked: tree.unlinked,
        beside: tree.beside.filter(isAbove).length + above.length - nodes.length,
        cutAt,
        applied: walked.applied,
      },
      verdict,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hashes[Symbol.asyncDispose]();
  }

  #requireReach(block: TargetBlock): void {
    if (this.reaches(block)) return;
    throw new ConfigError(
      `block ${block.stateHash} at height ${block.height} is out of reach of the ledger in memory, which ` +
        `stands at height ${this.#root.height}`,
      { hint: "run again: the ledger is then read anew from the target" },
    );
  }

  async #requireLedgerOf(block: TargetBlock): Promise<void> {
    const found = await this.#hashes.ledgerHash();
    if (found === block.ledgerHash) return;
    if (isLedgerHashException(this.#network.ledgerHashExceptions, block)) return;
    const what = `has ledger hash ${block.ledgerHash}, the ledger in memory gives ${found}`;
    throw difference(block, what);
  }

  async #readTree(
    source: Session,
    { height: decidedTo }: BlockRef,
  ): Promise<{ readonly tree: PendingTree; readonly cutAt: BlockRef | null }> {
    const above = this.#root.height;
    // Those on the way from the root come on top: else a cut would stay where it is until the root moves.
    const max = this.#blocksMax + Number(decidedTo - above);
    const headers = await readPendingHeaders(source, { above, max: max + 1 });
    const tree = pendingTree(this.#root, headers.slice(0, max), decidedTo);
    const left = headers[max];
    const cutAt = left === undefined ? null : { height: left.height, stateHash: left.stateHash };
    return { tree, cutAt };
  }

  /** Null for the root. */
  async #nodeOf(
    source: Session,
    tree: PendingTree,
    block: TargetBlock,
  ): Promise<PendingNode | null> {
    const { height, stateHash } = this.#root;
    if (block.stateHash !== stateHash) {
      const node = tree.nodes.get(block.stateHash);
      if (node?.header.height === block.height) return node;
    } else if ((await sourceHeightOf(source, stateHash)) === height) return null;
    throw new SourceDataError(
      `the source ${source.maskedUrl} does not lead from block ${stateHash} at height ${height} to block ` +
        `${block.stateHash} at height ${block.height}, which the target holds`,
      { hint: "give the source that the target was migrated from, or start from an empty target" },
    );
  }

  /**
   * Drops what is known of blocks that are pending no more, or whose row says something else by now, and takes the
   * ledger back to below the first of them.
   */
  #forgetWhatChanged({ nodes }: PendingTree): void {
    for (const [stateHash, ledgerHash] of this.#known) {
      const header = nodes.get(stateHash)?.header;
      const isGood =
        header !== undefined &&
        (header.ledgerHash === ledgerHash ||
          isLedgerHashException(this.#network.ledgerHashExceptions, header));
      if (!isGood) this.#known.delete(stateHash);
    }
    const changed = this.#way.stateHashes.findIndex((stateHash) => !this.#known.has(stateHash));
    if (changed >= 0) this.#way.rollBackTo(changed);
  }

  async #walk(
    source: Session,
    {
      steps,
      pause,
    }: { readonly steps: readonly WalkStep<PendingHeader>[] } & Required<ProveOptions>,
  ): Promise<{
    readonly refused: ReadonlyMap<string, VerificationError>;
    readonly applied: number;
  }> {
    const refused = new Map<string, VerificationError>();
    const asked: Asked[] = [];
    const blocks = this.#readCommands(source, { nodes: nodesOf(steps), pause });
    let applied = 0;
    /** The depth of a block that was refused: nothing can be said of those above it. */
    let refusedAt: number | null = null;
    let depth = this.#way.depth;
    try {
      for (const step of steps) {
        if (step.kind === "roll-back") {
          depth = step.depth;
          this.#way.rollBackTo(depth);
          if (refusedAt !== null && depth <= refusedAt) refusedAt = null;
          continue;
        }
        const { value: block } = await blocks.next();
        if (refusedAt === null) {
          const error = this.#apply(block!);
          applied += 1;
          if (error === null) this.#ask(block!, asked);
          else {
            refused.set(block!.stateHash, error);
            refusedAt = depth;
          }
        }
        depth += 1;
        if (asked.length >= READ_NODES) await this.#settle(asked);
      }
      await this.#settle(asked);
    } finally {
      await blocks.return(undefined);
    }
    return { refused, applied };
  }

  /** In the order of the nodes. */
  #readCommands(
    source: Session,
    { nodes, pause }: { readonly nodes: readonly PendingNode[] } & Required<ProveOptions>,
  ): AsyncGenerator<ReplayBlock, undefined> {
    return readNodes(nodes, async (ids) => {
      await pause();
      return await readPlacedCommands(source, ids);
    });
  }

  /** The difference that the block's commands show; the ledger is as it was then. */
  #apply(block: ReplayBlock): VerificationError | null {
    try {
      this.#way.apply(block);
      return null;
    } catch (cause) {
      if (!(cause instanceof VerificationError)) throw cause;
      return new VerificationError(cause.message, { cause, hint: PENDING_HINT });
    }
  }

  #ask({ stateHash }: ReplayBlock, asked: Asked[]): void {
    if (this.#known.has(stateHash)) return;
    const ledgerHash = this.#hashes.ledgerHash();
    // Its error is met when it is settled; until then nobody waits for it.
    ledgerHash.catch(() => undefined);
    asked.push({ stateHash, ledgerHash });
  }

  async #settle(asked: Asked[]): Promise<void> {
    for (const { stateHash, ledgerHash } of asked.splice(0)) {
      this.#known.set(stateHash, await ledgerHash);
    }
  }

  async #moveRoot(
    source: Session,
    block: TargetBlock,
    { path, pause }: { readonly path: readonly PendingNode[] } & Required<ProveOptions>,
  ): Promise<void> {
    this.#way.rollBackTo(0);
    const mark = this.#ledger.mark();
    try {
      const blocks = this.#readCommands(source, { nodes: path, pause });
      for await (const one of blocks) applyBlock(this.#ledger, one);
      await this.#requireLedgerOf(block);
    } catch (error) {
      this.#ledger.rollBack(mark);
      throw error;
    }
    this.#ledger.forget(mark);
    this.#root = block;
  }
}
