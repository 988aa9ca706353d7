// The blocks that a migration with healing writes: named by the mended chain, as their files have them, each with
// what of it the source lacks or has otherwise.

import {
  type MigratedBlock,
  mendedBlocksBetween,
  readSourceRows,
  type SourceChain,
  type SourceRows,
} from "@forklift/archive";
import { type BlockRef, least } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import {
  type BlockGrounds,
  requireRightSignatures,
  type VerifiedBlock,
  type WantedBlock,
} from "@forklift/precomputed";
import { groundsToDraw } from "../blocks/copy-grounds.ts";
import { genesisOfPreset } from "../blocks/genesis-of-preset.ts";
import { blockOfFile } from "../blocks/merge-block.ts";
import type { Tools } from "../blocks/merged-blocks.ts";
import { requireSameGenesis } from "../blocks/same-genesis.ts";
import { inForm } from "../form/output-form.ts";
import { WHOLE_LOAD } from "../source-load.ts";
import { hasSameCommands } from "./differences.ts";
import { type HealedFile, healBlock, settleByChain } from "./heal-block.ts";
import { feesThatDiffer, type OpenedAccounts } from "./opened-accounts.ts";

const GENESIS_HEIGHT = 1n;

type ReadTools = Omit<Tools, "form">;

export interface HealedChain {
  readonly chain: SourceChain;
  readonly below: BlockRef | null;
  /** Null where the creation fees that the source records are not looked at. */
  readonly accounts: OpenedAccounts | null;
}

interface Looked {
  readonly ref: BlockRef;
  readonly rows: readonly SourceRows[];
}

/** As `mergedBlocks`, of a chain that was mended. */
export async function* healedBlocks(
  tools: Tools,
  healed: HealedChain,
): AsyncGenerator<MigratedBlock> {
  for await (const { file, healed: cases } of healedFiles(tools, healed)) {
    const block = inForm(blockOfFile(file, "canonical"), tools.form);
    yield cases.length === 0 ? block : { ...block, healed: cases };
  }
}

export interface FileOfChain extends HealedFile, Looked {
  /** Keys of the accounts that the block opens; null where the fees for that are not looked at. */
  readonly opened: ReadonlySet<string> | null;
}

/** The verified files of a mended chain above a block, each with what the source has otherwise. */
export async function* healedFiles(
  tools: ReadTools,
  { chain, below, accounts }: HealedChain,
): AsyncGenerator<FileOfChain> {
  const above = below?.height ?? 0n;
  let parent = below;
  if (above < GENESIS_HEIGHT) {
    const [genesis] = await readLooked(tools, chain, { from: GENESIS_HEIGHT, to: GENESIS_HEIGHT });
    const file = await healedGenesis(tools, chain, genesis!);
    yield withFees(accounts, genesis!, file);
    parent = genesis!.ref;
  }
  const waiting: Looked[] = [];
  const draw = groundsToDraw(tools);
  async function* wanted(): AsyncGenerator<WantedBlock> {
    for await (const looked of lookedAt(tools, chain, parent!.height)) {
      waiting.push(looked);
      yield wantedOf(looked, draw());
    }
  }
  for await (const fetched of tools.blocks.fetchEach(wanted())) {
    const looked = waiting.shift()!;
    const file = await healedFile(tools, { chain, looked, fetched });
    requireSameGenesis(looked.ref, file.file, tools.network);
    requireParent(file.file, parent!);
    parent = looked.ref;
    yield withFees(accounts, looked, file);
  }
}

/** Of a block whose commands the source has otherwise, its fees say nothing more. */
function withFees(
  accounts: OpenedAccounts | null,
  looked: Looked,
  { file, healed }: HealedFile,
): FileOfChain {
  if (accounts === null) return { ...looked, file, healed, opened: null };
  const opened = accounts.open(file);
  const [row, ...others] = looked.rows;
  const isOfCommands = healed.some(({ part }) => part !== "block");
  const fees =
    row === undefined || others.length > 0 || isOfCommands
      ? []
      : feesThatDiffer(looked.ref, row, opened);
  return { ...looked, file, healed: [...healed, ...fees], opened };
}

/** A file that agrees with the source is taken, whichever place has it; else all of them are as good. */
export function wantedOf({ ref, rows }: Looked, grounds: BlockGrounds): WantedBlock {
  if (rows.length === 0) return ref;
  return {
    ...{ ...ref, ...grounds },
    accept: (content) => {
      requireRightSignatures(ref, content);
      if (hasSameCommands(rows, content)) return;
      throw new SourceDataError(
        "its commands are not those of the source, which is looked at anew",
        {
          hint: "look at what was healed in this block, or run forklift audit --blocks, which names each difference",
        },
      );
    },
  };
}

interface Fetched {
  readonly chain: SourceChain;
  readonly looked: Looked;
  readonly fetched: VerifiedBlock | SourceDataError;
}

async function healedFile(
  tools: ReadTools,
  { chain, looked, fetched }: Fetched,
): Promise<HealedFile> {
  const { ref, rows } = looked;
  const status = expectedStatus(ref, chain);
  const first = fetched instanceof SourceDataError ? null : fetched;
  if (first !== null && rows.length > 0) return settleByChain(first, { ref, rows, status });
  return await healBlock(tools, { ref, rows, status }, first);
}

/** No public place has it, and none is needed: the preset has its protocol state. */
async function healedGenesis(
  tools: ReadTools,
  chain: SourceChain,
  { ref, rows }: Looked,
): Promise<HealedFile> {
  const file = (await tools.blocks.tryFetch(ref)) ?? genesisOfPreset(ref, tools.network);
  return settleByChain(file, { ref, rows, status: expectedStatus(ref, chain) });
}

/** Whether the chain goes on above it, or it waits for a verdict that the end of the run gives it. */
export function expectedStatus({ height }: BlockRef, { canonicalHeight }: SourceChain): string {
  return height <= canonicalHeight ? "canonical" : "pending";
}

async function* lookedAt(
  tools: ReadTools,
  chain: SourceChain,
  above: bigint,
): AsyncGenerator<Looked> {
  const { load = WHOLE_LOAD, now } = tools;
  const { height: top } = chain.tip;
  for (let from = above + 1n; from <= top; ) {
    const to = least(from + BigInt(load.blocks) - 1n, top);
    const startedMs = now();
    const looked = await readLooked(tools, chain, { from, to });
    load.adapt(looked.length, now() - startedMs);
    yield* looked;
    from = to + 1n;
    if (to < top) await load.pause();
  }
}

async function readLooked(
  { source }: ReadTools,
  chain: SourceChain,
  heights: { readonly from: bigint; readonly to: bigint },
): Promise<Looked[]> {
  const refs = await mendedBlocksBetween(source, chain, heights);
  const rows = await readSourceRows(
    source,
    refs.map(({ stateHash }) => stateHash),
  );
  const byHash = new Map<string, SourceRows[]>();
  for (const row of rows) {
    byHash.set(row.stateHash, [...(byHash.get(row.stateHash) ?? []), row]);
  }
  return refs.map((ref) => ({ ref, rows: byHash.get(ref.stateHash) ?? [] }));
}

/** Where the source names a wrong parent in agreement with the block below, only the file shows it. */
function requireParent(
  { height, stateHash, protocolState }: HealedFile["file"],
  parent: BlockRef,
): void {
  const found = protocolState.previousStateHash;
  if (found === parent.stateHash) return;
  throw new SourceDataError(
    `block ${stateHash} at height ${height} has parent ${found} by its state hash, but the source leads from it ` +
      `to ${parent.stateHash}`,
    { hint: "repair parent_hash and state_hash of these two rows in the source, then run again" },
  );
}
