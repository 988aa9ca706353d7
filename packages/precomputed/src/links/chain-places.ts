// What block sources have, by the names that those show which can be listed. Names are only claims.

import type { StateHash } from "@forklift/chain";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { parseBlockName } from "../files/block-file-forms.ts";
import type { BlockSource } from "../verify/block-source.ts";
import { NameTable, NO_HEIGHT } from "./name-table.ts";

/**
 * Block files of all sources together, six times the blocks of mainnet's first era. Each takes 44 bytes of
 * memory, twice that while the list is read.
 */
const LISTED_MAX = 2_000_000;

/** Blocks of one height that are told. Mainnet's heights have three at most; more are somebody's joke. */
const CANDIDATES_MAX = 16;

/** Above every height that a name can have. */
const HEIGHT_END = 2 ** 32;

/** A block source, and what it shows of itself. */
export interface ListedPlace {
  readonly url: string;
  /** Whether its names were listed; else it can only be asked for one name after the other. */
  readonly canList: boolean;
  /** Block files and their bytes, as they are stored. */
  readonly files: number;
  readonly bytes: number;
}

/** Blocks of a range of heights, by their names. */
export interface ListedRange {
  /** Heights that some name claims. */
  readonly heights: number;
  readonly files: number;
  readonly bytes: number;
  /** Of one block at each height, the mean where there are several. */
  readonly chainBytes: number;
}

export interface ChainPlaces {
  /** In the order in which they are queried, without the cache. */
  readonly places: readonly ListedPlace[];
  /** Whether the names of any of them are known. */
  readonly canList: boolean;
  /** That names claim for the block, ascending. */
  heightsOf(stateHash: StateHash): readonly bigint[];
  /** Whether a name without a height claims to be the block, as those of mainnet's bucket below height 25,705. */
  isWithoutHeight(stateHash: StateHash): boolean;
  /** All whose names have no height, each once. */
  withoutHeight(): readonly StateHash[];
  /** Heights that names claim, from the highest on. */
  heightsDown(): Iterable<bigint>;
  /** Whose names claim the height, each once, in an order that is always the same. */
  candidates(height: bigint): readonly StateHash[];
  /** Above the first height, up to the second. */
  range(above: bigint, upTo: bigint): ListedRange;
}

export interface ListOptions {
  readonly network: string;
  readonly warn: (message: string) => void;
  /** For tests. */
  readonly listedMax?: number;
}

/** @throws SourceDataError for a source that is damaged. */
export async function listPlaces(
  sources: readonly BlockSource[],
  { network, warn, listedMax = LISTED_MAX }: ListOptions,
): Promise<ChainPlaces> {
  const table = new NameTable();
  const places: ListedPlace[] = [];
  for (const source of sources) {
    places.push(await listInto(table, source, { network, warn, listedMax }));
  }
  table.sort();
  return {
    places,
    canList: places.some(({ canList }) => canList),
    heightsOf: (stateHash) =>
      table.heightsOf(stateHash).flatMap((height) => (height === NO_HEIGHT ? [] : BigInt(height))),
    isWithoutHeight: (stateHash) => table.has(NO_HEIGHT, stateHash),
    withoutHeight: () => table.hashesAt(NO_HEIGHT, listedMax),
    heightsDown: () => heightsDown(table),
    candidates: (height) => table.hashesAt(Number(height), CANDIDATES_MAX),
    range: (above, upTo) => rangeOf(table, Number(above), Number(upTo)),
  };
}

async function listInto(
  table: NameTable,
  { url, list }: BlockSource,
  { network, warn, listedMax }: Required<ListOptions>,
): Promise<ListedPlace> {
  const unlisted = { url, canList: false, files: 0, bytes: 0 };
  if (list === undefined) return unlisted;
  let files = 0;
  let sum = 0;
  try {
    for await (const { name, bytes } of list()) {
      const claimed = parseBlockName(name, network);
      if (claimed === null) continue;
      if (table.count === listedMax) {
        warn(
          `${url} and the sources before it have more than ${listedMax} block files: the rest is asked for by name`,
        );
        break;
      }
      table.add(claimed.height, claimed.stateHash, bytes);
      files++;
      sum += bytes;
    }
  } catch (error) {
    // It may be read and not listed, or is away: whoever asks it for a block hears of that.
    if (!(error instanceof ConfigError || error instanceof TryAgainError)) throw error;
    warn(`${url} cannot be listed: ${error.message}`);
    return { ...unlisted, files, bytes: sum };
  }
  return { url, canList: true, files, bytes: sum };
}

function* heightsDown(table: NameTable): Generator<bigint> {
  let height = table.heightBelow(HEIGHT_END);
  for (; height !== null; height = table.heightBelow(height)) yield BigInt(height);
}

function rangeOf(table: NameTable, above: number, upTo: number): ListedRange {
  const range = { heights: 0, files: 0, bytes: 0, chainBytes: 0 };
  let here = { height: NO_HEIGHT, files: 0, bytes: 0 };
  const endHeight = () => {
    if (here.files === 0) return;
    range.heights++;
    range.files += here.files;
    range.bytes += here.bytes;
    range.chainBytes += here.bytes / here.files;
  };
  for (const { height, bytes } of table.blocks()) {
    if (height <= above || height > upTo || height === NO_HEIGHT) continue;
    if (height !== here.height) {
      endHeight();
      here = { height, files: 0, bytes: 0 };
    }
    here.files++;
    here.bytes += bytes;
  }
  endHeight();
  return { ...range, chainBytes: Math.round(range.chainBytes) };
}
