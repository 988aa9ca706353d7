// A block that the source lacks or has otherwise: taken from its file where something settles that the file is right,
// else refused.

import type { Healed, SettledBy, SourceRows } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import {
  requireRightSignatures,
  type VerifiedBlock,
  type WantedBlock,
} from "@forklift/precomputed";
import type { ProvenBlock } from "../blocks/proven-block.ts";
import type { MigratorContext } from "../context.ts";
import { type Difference, differencesOf, type SettlementNeed, strongest } from "./differences.ts";

/** What is needed to settle what neither a hash of the chain nor a signature covers. */
const AGREEING_SOURCES_MIN = 2;

type Tools = Pick<MigratorContext, "blocks" | "network" | "copyGrounds">;

/** A block as the source has it. */
export interface BlockView {
  readonly ref: BlockRef;
  /** None where the source lacks it. */
  readonly rows: readonly SourceRows[];
  /** What the source should call it; null where that is its own affair. */
  readonly status: string | null;
}

export interface HealedFile {
  readonly file: ProvenBlock & BlockRef;
  readonly healed: readonly Healed[];
}

/**
 * The block as its file has it, and every value that the source has otherwise.
 * @param given a file that is the block by its state hash, where one was fetched already.
 * @throws SourceDataError when nothing settles a difference.
 */
export async function healBlock(
  { blocks, network, copyGrounds }: Tools,
  view: BlockView,
  given: VerifiedBlock | null,
): Promise<HealedFile> {
  const { ref } = view;
  const first = given ?? (await blocks.fetch(ref));
  const differences = compare(first, view);
  const need = strongest(differences.map((difference) => difference.need));
  // Where the source holds something else, it is none of those that agree.
  const asked = copyGrounds?.agree ?? 1;
  if (need === "chain" && asked === 1) return settled(first, differences);
  const wanted: WantedBlock = {
    ...ref,
    checksSignatures: network.signatureKind,
    accept: (content) => requireRightSignatures(ref, content),
    agree: need === "agreement" ? Math.max(asked, AGREEING_SOURCES_MIN) : asked,
  };
  try {
    const file = await blocks.fetch(wanted);
    return settled(file, compare(file, view));
  } catch (error) {
    throw unsettled(error, ref, differences);
  }
}

/** Where the commands are those of the source, so that nothing but columns of the block can differ. */
export function settleByChain(file: HealedFile["file"], view: BlockView): HealedFile {
  return settled(file, compare(file, view));
}

function compare(file: HealedFile["file"], { ref, rows, status }: BlockView): Difference[] {
  return differencesOf(ref, rows, file, status);
}

function settled(
  file: HealedFile["file"] & Partial<Pick<VerifiedBlock, "agreeing">>,
  differences: readonly Difference[],
): HealedFile {
  const by = settledBy(file);
  return {
    file,
    healed: differences.map(({ need, row: _row, ...value }) => ({ ...value, settledBy: by[need] })),
  };
}

function settledBy({
  agreeing = [],
}: Partial<Pick<VerifiedBlock, "agreeing">>): Readonly<Record<SettlementNeed, SettledBy>> {
  return {
    ...{ chain: "chain", signature: "signature" },
    agreement: `${agreeing.length} sources agree`,
  };
}

/** What is passing stays passing; a word on what was to be settled goes with it. */
function unsettled(error: unknown, ref: BlockRef, differences: readonly Difference[]): unknown {
  if (!(error instanceof SourceDataError)) return error;
  const open = differences.find(({ need }) => need !== "chain");
  if (open === undefined) return error;
  const { stateHash, height } = ref;
  const { table, column, ofSource, ofFile, need } = open;
  const what =
    need === "agreement"
      ? `${AGREEING_SOURCES_MIN} block sources of different origin that hold the same commands`
      : "a right signature of every command";
  const others = differences.length > 1 ? ` (and ${differences.length - 1} more differences)` : "";
  return new SourceDataError(
    `block ${stateHash} at height ${height} cannot be healed: the source has ${table}.${column} ${ofSource}, its ` +
      `precomputed block has ${ofFile}${others}, which only ${what} would settle: ${error.message}`,
    {
      cause: error,
      hint:
        need === "agreement"
          ? "give a second source of blocks, of another operator, with --blocks URL,URL (in a job: blocks); or " +
            "repair the source's rows, then run again"
          : "get the block's file from another operator and put it into a folder among the sources; or repair the " +
            "source's rows, then run again",
    },
  );
}
