// Copies the blocks beside the chain, orphaned and, if they are wanted, pending ones, with their commands.

import {
  type BranchPlace,
  countBranchBlocks,
  findBranchBlock,
  parseBlockMark,
  progressMarks,
  RowIds,
  type SourceChain,
  stateHashesInTarget,
  walkBranches,
  walkTargetFrom,
  writeBlocks,
  writeHealed,
} from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { type BatchStage, ConfigError } from "@forklift/pipeline";
import { refreshStatistics, type Session } from "@forklift/postgres";
import { archiveBranches } from "../branches/archive-branches.ts";
import { type BranchOrigin, BranchPages } from "../branches/branch-pages.ts";
import { fileBranches } from "../branches/file-branches.ts";
import { LeftOutBlocks } from "../branches/left-out-blocks.ts";
import { linkBlocks } from "../branches/linked-blocks.ts";
import type { MigratorContext } from "../context.ts";
import { HealedCases } from "../heal/healed-cases.ts";
import { chosenBranches } from "../preflight/chosen-branches.ts";
import { chooseRange } from "../preflight/migration-range.ts";

interface Plan {
  readonly chain: SourceChain;
  readonly targetTip: BlockRef;
  /** Blocks beside the chain that the target holds already. */
  readonly branchBlocks: number;
}

/**
 * The last block that was looked at, and how many blocks the target then held beside its chain: no later run
 * goes on from here, since an orphan may reach the source long after its height was migrated.
 */
interface Cursor {
  readonly height: string;
  readonly stateHash: string;
  readonly branchBlocks: number;
}

interface Tools extends AsyncDisposable {
  readonly pages: BranchPages;
  readonly leftOut: LeftOutBlocks;
  readonly healed: HealedCases;
  readonly rowIds: RowIds;
  readonly done: { blocks: number; copied: number };
}

export const copyBranches: BatchStage<MigratorContext, Session, Plan, Cursor, Tools> = {
  id: "copy-branches",
  kind: "batches",

  async plan(context) {
    const { target, leftOutNames } = context;
    leftOutNames?.forget();
    const { chain, targetTip } = await chooseRange(context, { targetHasSchema: true });
    const branches = branchesOfOrigin(context, chain);
    if (branches === null)
      return { skip: "the history is canonical, without blocks beside the chain" };
    if (targetTip === null || targetTip.height < chain.tip.height) {
      throw new ConfigError(
        `the target ${target.maskedUrl} stands at height ${targetTip?.height ?? 0}, expected ` +
          `${chain.tip.height}, for branches come after the chain that they leave`,
        { hint: "run forklift migrate, which copies the chain first" },
      );
    }
    leftOutNames?.begin();
    if (!(await branches.hasAbsent())) {
      return { skip: "the target holds every block beside the chain" };
    }
    const { orphaned, pending } = await countBranchBlocks(target);
    return { chain, targetTip, branchBlocks: orphaned + pending };
  },

  /** The rows are the truth: whatever the mark says, every block is looked for. */
  resume({ branchBlocks }, mark) {
    parseMark(mark);
    return { height: "0", stateHash: "", branchBlocks };
  },

  async open(context, { chain }) {
    const { requireOrphans = false, warn, leftOutNames: names } = context;
    const pages = new BranchPages(branchesOfOrigin(context, chain)!);
    return {
      pages,
      leftOut: new LeftOutBlocks({ requireOrphans, warn, names }),
      healed: new HealedCases(warn),
      rowIds: new RowIds(),
      done: { blocks: 0, copied: 0 },
      [Symbol.asyncDispose]: () => pages[Symbol.asyncDispose](),
    };
  },

  async run(tx, { pages, leftOut, healed, rowIds, done }, _plan, cursor) {
    const { absent, merged, last, count, isLast } = await pages.next();
    const parents = [...new Set(absent.map(({ parentHash }) => parentHash))];
    const held = new Set<string>(await stateHashesInTarget(tx, parents));
    const linked = linkBlocks(absent, merged, held);
    for (const block of linked.leftOut) leftOut.add(block);
    // A command of a branch may be that of the chain, or of another branch.
    const options = { isOneChain: false };
    const rowCount =
      linked.taken.length === 0 ? 0 : await writeBlocks(tx, rowIds, linked.taken, options);
    healed.add(await writeHealed(tx, linked.taken));
    if (isLast) await refreshStatistics(tx);
    if (isLast) leftOut.tellRest();
    if (isLast) healed.tellRest();
    done.blocks += count;
    done.copied += linked.taken.length;
    return {
      cursor: cursorAt(last, cursor.branchBlocks + linked.taken.length),
      isLast,
      rowCount,
      progress: { done: BigInt(done.blocks), total: null, unit: "blocks" },
    };
  },

  summary({ leftOut, healed, done }) {
    const { details = {}, ...cases } = healed.summary();
    return {
      details: { copied: done.copied, ...leftOut.details(), ...details },
      leftOut: leftOut.first,
      ...cases,
    };
  },

  /** Walks up from the chain by parent id, and down its own; `run` goes by height and state hash. */
  async verify({ target, history }, { targetTip }) {
    const { walked, canonical } = await walkTargetFrom(target, targetTip.stateHash);
    const { orphaned, pending } = await countBranchBlocks(target);
    const marked = parseMark(await progressMarks(target).load("copy-branches"));
    const foreign = history === "all" ? null : await findBranchBlock(target, ["pending"]);
    const stored = String(marked?.branchBlocks ?? 0);
    return [
      { name: "blocks reached from the tip", expected: String(targetTip.height), actual: walked },
      { name: "canonical blocks stored", expected: String(targetTip.height), actual: canonical },
      { name: "blocks beside the chain", expected: stored, actual: String(orphaned + pending) },
      {
        name: "blocks reached from the chain",
        expected: stored,
        actual: await walkBranches(target),
      },
      {
        name: "pending blocks of a complete history",
        expected: "none",
        actual: foreign?.stateHash ?? "none",
      },
    ];
  },
};

/** Null for a canonical history. */
function branchesOfOrigin(context: MigratorContext, chain: SourceChain): BranchOrigin | null {
  const branches = chosenBranches(context, chain);
  if (branches === null) return null;
  const { source } = context;
  return source === null
    ? fileBranches(context, chain.tip)
    : archiveBranches({ ...context, source }, branches);
}

function cursorAt(last: BranchPlace | null, branchBlocks: number): Cursor {
  return { height: String(last?.height ?? 0), stateHash: last?.stateHash ?? "", branchBlocks };
}

/** @throws ConfigError when it is none. */
function parseMark(mark: unknown): Cursor | null {
  const place = parseBlockMark("copy-branches", mark);
  if (place === null) return null;
  const { branchBlocks } = mark as Partial<Cursor>;
  if (typeof branchBlocks === "number") return { ...place, branchBlocks };
  throw new ConfigError(
    `the progress mark of copy-branches is ${JSON.stringify(mark)}, expected the number of blocks beside the ` +
      "chain as branchBlocks",
    { hint: "the target was changed by another program; start again from an empty target" },
  );
}
