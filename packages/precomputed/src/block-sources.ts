// Several places for precomputed blocks, asked in order. What they give is verified before use.

import { blockFileName, type StateHash } from "@forklift/chain";
import { ConfigError, ForkliftError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { pMapIterable } from "p-map";
import type { BlockCache } from "./block-cache.ts";
import type { BlockId, BlockSource, VerifiedBlock, WantedBlock } from "./block-source.ts";
import { type BlockVerifier, openBlockVerifier } from "./block-verifier.ts";
import { CacheWriter } from "./cache-writer.ts";
import { FileIntake } from "./file-intake.ts";
import { type RefusalKind, refusalKind } from "./refusal.ts";
import { RefusedFiles } from "./refused-files.ts";
import { type SourceStatistics, type SourceTally, sourceTally } from "./source-tally.ts";
import type { BlockContent } from "./verify-block.ts";

/** Blocks in the making: what threads have to do while the consumer holds up the main thread. */
const FETCHES_MAX = 64;

/**
 * Blocks asked for ahead of the consumer, in the making or verified. What is kept of a full block,
 * 128 commands, takes a hundred kilobytes: 19 MB in all, beside the files of those in the making.
 */
const BLOCKS_WAITING_MAX = 192;

/**
 * A place that was away for this many blocks in a row, each asked for again for several seconds, is
 * left alone for a while: else every block would wait as long before the next place is asked.
 */
const FAILURES_IN_A_ROW_MAX = 3;
const LEFT_ALONE_MS = 60_000;

export interface BlockSources extends AsyncDisposable {
  /**
   * The block, from the first place whose file is right.
   * @throws SourceDataError that lists every place and what was wrong there.
   * @throws TryAgainError when no place has the block and one of them could not be reached.
   * @throws ConfigError when no place has it and one of them cannot be used as it is configured.
   */
  fetch(id: WantedBlock, expectedParent?: StateHash): Promise<VerifiedBlock>;
  /** Like `fetch`, but null when no place has a file of that name. A wrong file still throws. */
  tryFetch(id: WantedBlock): Promise<VerifiedBlock | null>;
  /** For what can be had elsewhere: null whatever was wrong, of which the operator is told. */
  seek(id: WantedBlock): Promise<VerifiedBlock | null>;
  /**
   * In the order of the ids, at most 64 at a time and 192 ahead of the consumer: however many ids
   * there are, it never holds more than 192 blocks without their proofs, 8 MB of files and 16 more.
   */
  fetchAll(ids: Iterable<WantedBlock> | AsyncIterable<WantedBlock>): AsyncGenerator<VerifiedBlock>;
  /** In the order in which the places are asked, the cache among them. */
  statistics(): readonly SourceStatistics[];
}

export interface BlockSourcesParts {
  /** Asked before the first remote place; takes what remote places gave. */
  readonly cache?: BlockCache;
  readonly verifier?: BlockVerifier;
  /** Tells the operator of what does not stop the run. */
  readonly warn?: (message: string) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

interface Place {
  readonly source: BlockSource;
  readonly tally: SourceTally;
  readonly absence: Absence;
}

/** A place that did not give the block, and why; more than one reason where it has several files. */
interface Asked {
  readonly place: Place;
  readonly refusals: Refusal[];
}

interface Refusal {
  readonly url: string;
  readonly kind: RefusalKind;
  /** For people. */
  readonly what: string;
  readonly error: unknown;
}

export function blockSources(
  sources: readonly BlockSource[],
  network: string,
  parts: BlockSourcesParts = {},
): BlockSources {
  const { cache, verifier = openBlockVerifier(), now = () => performance.now() } = parts;
  const places = inOrder(sources, cache).map(
    (source): Place => ({
      source,
      tally: sourceTally(source.url, () => source.retries?.() ?? 0),
      absence: new Absence(source.url, now),
    }),
  );
  const intake = new FileIntake();
  const warn = (message: string) => parts.warn?.(message);
  const cacheWriter = cache && new CacheWriter(cache, warn);
  const refusedFiles = new RefusedFiles(network, warn);
  const unusable = new Set<string>();

  async function search(
    id: WantedBlock,
    expectedParent?: StateHash,
  ): Promise<VerifiedBlock | readonly Refusal[]> {
    const { height, stateHash } = id;
    const asked: Asked[] = [];
    const found = (await searchUsual(asked)) ?? (await searchOthers(asked));
    for (const { place, refusals } of asked) {
      if (refusals.every(({ kind }) => kind === "missing")) place.tally.refused("missing");
    }
    return found ?? asked.flatMap(({ refusals }) => refusals);

    async function searchUsual(asked: Asked[]): Promise<VerifiedBlock | null> {
      for (const place of places) {
        const { source } = place;
        const result = await ask(place, () => source.find(id), id, expectedParent);
        if (!("kind" in result)) return { ...result, height, stateHash, source: source.url };
        asked.push({ place, refusals: [result] });
      }
      return null;
    }

    /** Under names that are no place's usual ones. A place that is away is not asked again. */
    async function searchOthers(asked: Asked[]): Promise<VerifiedBlock | null> {
      for (const { place, refusals } of asked) {
        const { source } = place;
        const { kind } = refusals[0]!;
        if (kind === "unavailable" || kind === "unusable") continue;
        const files = source.others?.(id, kind !== "missing");
        if (files === undefined) continue;
        const next = async () => {
          const { done, value } = await files.next();
          return done === true ? null : (value as Uint8Array);
        };
        for (;;) {
          const result = await ask(place, next, id, expectedParent);
          if (!("kind" in result)) {
            // It has the block, so it is not missing there.
            refusals.length = 0;
            asked.splice(
              asked.findIndex((other) => other.place === place),
              1,
            );
            await files.return?.();
            return { ...result, height, stateHash, source: source.url };
          }
          if (result.kind === "missing") break;
          if (kind === "missing") refusals.length = 0;
          refusals.push(result);
        }
      }
      return null;
    }
  }

  async function ask(
    { source, tally, absence }: Place,
    readFile: () => Promise<Uint8Array | null>,
    id: WantedBlock,
    expectedParent?: StateHash,
  ): Promise<BlockContent | Refusal> {
    const { url } = source;
    const read = () => absence.watch(() => tally.reading(readFile));
    try {
      return await intake.take(read, async (bytes) => {
        if (bytes === null) return { url, kind: "missing", what: "missing", error: null };
        const content = await verifier.verifyBlock(bytes, id, expectedParent);
        id.accept?.(content);
        tally.found();
        if (source.isRemote) await cacheWriter?.keep(id, bytes);
        return content;
      });
    } catch (error) {
      const kind = refusalKind(error);
      if (kind === null) throw error;
      tally.refused(kind);
      const what = `${kind}: ${(error as Error).message}`;
      if (kind === "unusable") {
        if (!unusable.has(url)) warn(`${url} cannot be used: ${(error as Error).message}`);
        unusable.add(url);
      } else if (kind !== "unavailable") {
        refusedFiles.tell(id, url, what);
        if (source === cache) await cacheWriter?.discard(id);
      }
      return { url, kind, what, error };
    }
  }

  async function fetch(id: WantedBlock, expectedParent?: StateHash): Promise<VerifiedBlock> {
    const result = await search(id, expectedParent);
    if (isBlock(result)) return result;
    throw notFound(id, network, result);
  }

  return {
    fetch,
    async tryFetch(id) {
      const result = await search(id);
      if (isBlock(result)) return result;
      if (result.every(({ kind }) => kind === "missing")) return null;
      throw notFound(id, network, result);
    },
    async seek(id) {
      const result = await search(id);
      if (isBlock(result)) return result;
      for (const { kind, url, what } of result) {
        if (kind === "unavailable")
          warn(`${blockFileName({ network, ...id })} is not to be had: ${url}: ${what}`);
      }
      return null;
    },
    async *fetchAll(ids) {
      yield* pMapIterable(ids, (id) => fetch(id), {
        concurrency: FETCHES_MAX,
        backpressure: BLOCKS_WAITING_MAX,
      });
    },
    statistics: () => places.map(({ tally }) => tally.statistics()),
    async [Symbol.asyncDispose]() {
      refusedFiles.tellRest();
      await verifier[Symbol.asyncDispose]();
      for (const { source } of places) await source[Symbol.asyncDispose]();
    },
  };
}

function inOrder(
  sources: readonly BlockSource[],
  cache: BlockCache | undefined,
): readonly BlockSource[] {
  const at = sources.findIndex(({ isRemote }) => isRemote);
  if (cache === undefined || at === -1) return sources;
  return sources.toSpliced(at, 0, cache);
}

/** How often a place could not be reached, since it last could. */
class Absence {
  readonly #url: string;
  readonly #now: () => number;
  #failuresInARow = 0;
  #leftAloneUntilMs = Number.NEGATIVE_INFINITY;

  constructor(url: string, now: () => number) {
    this.#url = url;
    this.#now = now;
  }

  /**
   * Asks the place. Only what the place itself said counts: were it left alone for having been left
   * alone, it would never be asked again.
   * @throws TryAgainError without asking while it is left alone.
   */
  async watch<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#now() < this.#leftAloneUntilMs) {
      throw new TryAgainError(
        `${this.#url} was away ${this.#failuresInARow} times in a row and is not asked for a while`,
      );
    }
    try {
      const answer = await ask();
      this.#failuresInARow = 0;
      this.#leftAloneUntilMs = Number.NEGATIVE_INFINITY;
      return answer;
    } catch (error) {
      if (refusalKind(error) === "unavailable") this.#notice();
      throw error;
    }
  }

  #notice(): void {
    this.#failuresInARow++;
    if (this.#failuresInARow < FAILURES_IN_A_ROW_MAX) return;
    this.#leftAloneUntilMs = this.#now() + LEFT_ALONE_MS;
  }
}

function isBlock(result: VerifiedBlock | readonly Refusal[]): result is VerifiedBlock {
  return "protocolState" in result;
}

function notFound(id: BlockId, network: string, refusals: readonly Refusal[]): ForkliftError {
  const { height, stateHash } = id;
  const name = blockFileName({ network, ...id });
  const places = refusals.map(({ url, what }) => `${url}: ${what}`).join("; ");
  const message = `no source has a sound block ${stateHash} at height ${height} (${places})`;
  const cause = refusals.find(({ error }) => error !== null)?.error;
  if (refusals.some(({ kind }) => kind === "unavailable")) {
    return new TryAgainError(message, {
      cause,
      hint: `a source could not be read; run again, or put ${name} into a folder of your own`,
    });
  }
  const other = `get ${name} from another archive operator and put it into a folder among the sources`;
  const own = refusals.flatMap(({ error }) => (error instanceof ForkliftError ? error.hint : []));
  const [advice] = own.filter((hint) => hint !== undefined);
  const hint = advice === undefined ? other : `${advice}, or ${other}`;
  const isUnusable = refusals.some(({ kind }) => kind === "unusable");
  return new (isUnusable ? ConfigError : SourceDataError)(message, { cause, hint });
}
