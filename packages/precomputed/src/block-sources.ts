// Several places for precomputed blocks, asked in order. What they give is verified before use.

import { blockFileName, FormatError, type StateHash } from "@forklift/chain";
import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { pMapIterable } from "p-map";
import type { BlockId, BlockSource, VerifiedBlock } from "./block-source.ts";
import { verifyBlock } from "./verify-block.ts";

/**
 * Blocks in the making. Enough to hide the round trips to a bucket; in memory at most this many files
 * of a few megabytes, before each shrinks to its protocol state.
 */
const FETCHES_MAX = 16;

/** Verified blocks, some ten kilobytes each, that may wait for a slower consumer. */
const BLOCKS_WAITING_MAX = 64;

export interface SourceStatistics {
  readonly url: string;
  readonly found: number;
  readonly missing: number;
  /** Files that bore the right name and were not the block, or could not be read. */
  readonly refused: number;
}

export interface BlockSources extends AsyncDisposable {
  /**
   * The block, from the first place whose file is right.
   * @throws SourceDataError that lists every place and what was wrong there.
   * @throws TryAgainError when no place has the block and one of them could not be reached.
   */
  fetch(id: BlockId, expectedParent?: StateHash): Promise<VerifiedBlock>;
  /** Like `fetch`, but null when no place has a file of that name. A wrong file still throws. */
  tryFetch(id: BlockId): Promise<VerifiedBlock | null>;
  /** In the order of the ids, several at a time. */
  fetchAll(ids: Iterable<BlockId> | AsyncIterable<BlockId>): AsyncGenerator<VerifiedBlock>;
  statistics(): readonly SourceStatistics[];
}

interface Trouble {
  readonly url: string;
  readonly what: string;
  readonly error: unknown;
}

export function blockSources(sources: readonly BlockSource[], network: string): BlockSources {
  const tallies = sources.map(({ url }) => ({ url, found: 0, missing: 0, refused: 0 }));

  async function search(
    id: BlockId,
    expectedParent?: StateHash,
  ): Promise<VerifiedBlock | readonly Trouble[]> {
    const troubles: Trouble[] = [];
    for (const [index, source] of sources.entries()) {
      const { url } = source;
      const tally = tallies[index]!;
      try {
        const bytes = await source.find(id);
        if (bytes !== null) {
          const protocolState = verifyBlock(bytes, id, expectedParent);
          tally.found++;
          return { ...id, protocolState, source: url };
        }
        tally.missing++;
        troubles.push({ url, what: "missing", error: null });
      } catch (error) {
        if (!isTrouble(error)) throw error;
        tally.refused++;
        troubles.push({ url, what: error.message, error });
      }
    }
    return troubles;
  }

  async function fetch(id: BlockId, expectedParent?: StateHash): Promise<VerifiedBlock> {
    const result = await search(id, expectedParent);
    if (isBlock(result)) return result;
    throw notFound(id, network, result);
  }

  return {
    fetch,
    async tryFetch(id) {
      const result = await search(id);
      if (isBlock(result)) return result;
      if (result.every(({ error }) => error === null)) return null;
      throw notFound(id, network, result);
    },
    async *fetchAll(ids) {
      yield* pMapIterable(ids, (id) => fetch(id), {
        concurrency: FETCHES_MAX,
        backpressure: BLOCKS_WAITING_MAX,
      });
    },
    statistics: () => tallies.map((tally) => ({ ...tally })),
    async [Symbol.asyncDispose]() {
      for (const source of sources) await source[Symbol.asyncDispose]();
    },
  };
}

/** What the next place may make good. A wrong setting, or our own bug, is no such thing. */
function isTrouble(error: unknown): error is Error {
  return (
    error instanceof FormatError ||
    error instanceof SourceDataError ||
    error instanceof TryAgainError
  );
}

function isBlock(result: VerifiedBlock | readonly Trouble[]): result is VerifiedBlock {
  return "protocolState" in result;
}

function notFound({ height, stateHash }: BlockId, network: string, troubles: readonly Trouble[]) {
  const name = blockFileName({ network, height, stateHash });
  const places = troubles.map(({ url, what }) => `${url}: ${what}`).join("; ");
  const message = `no source has a sound block ${stateHash} at height ${height} (${places})`;
  const cause = troubles.find(({ error }) => error !== null)?.error;
  if (troubles.some(({ error }) => error instanceof TryAgainError)) {
    return new TryAgainError(message, {
      cause,
      hint: `a source could not be read; run again, or put ${name} into a folder of your own`,
    });
  }
  return new SourceDataError(message, {
    cause,
    hint: `get ${name} from another archive operator and put it into a folder among the sources`,
  });
}
