// Fetches precomputed blocks from several sources, queried in order, and verifies each before use.

import { blockFileName, type StateHash } from "@forklift/chain";
import { ConfigError, ForkliftError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { pMapIterable } from "p-map";
import { Agreement } from "./agreement.ts";
import type { BlockCache } from "./cache/block-cache.ts";
import { CacheWriter } from "./cache/cache-writer.ts";
import { FileIntake } from "./files/file-intake.ts";
import { RefusedFiles } from "./refused-files.ts";
import { type SourceStatistics, type SourceTally, sourceTally } from "./source-tally.ts";
import type { BlockId, BlockSource, VerifiedBlock, WantedBlock } from "./verify/block-source.ts";
import { type BlockVerifier, openBlockVerifier } from "./verify/block-verifier.ts";
import { type RefusalKind, refusalKind } from "./verify/refusal.ts";

/** Blocks in the making: what threads have to do while the consumer holds up the main thread. */
const FETCHES_MAX = 64;

/**
 * Blocks requested ahead of the consumer, in the making or verified. What is kept of a full block,
 * 128 commands, takes a hundred kilobytes: 19 MB in all, beside the files of those in the making.
 */
const BLOCKS_WAITING_MAX = 192;

const AHEAD = { concurrency: FETCHES_MAX, backpressure: BLOCKS_WAITING_MAX };

/**
 * A source that was unavailable for so many blocks in a row, each retried for several seconds,
 * has its circuit breaker opened: else every block would wait as long for the next source.
 */
const FAILURES_IN_A_ROW_MAX = 3;
const COOL_DOWN_MS = 60_000;

type WantedBlocks = Iterable<WantedBlock> | AsyncIterable<WantedBlock>;

export interface BlockSources extends AsyncDisposable {
  /**
   * The block, from the first source whose file is right; where so many are to agree, as soon as that many origins
   * hold the same commands. A cache is none, and is not read then.
   * @throws SourceDataError that lists every source and what was wrong there.
   * @throws TryAgainError when no source has the block and one of them could not be reached.
   * @throws ConfigError when no source has it and one of them cannot be used as it is configured.
   */
  fetch(id: WantedBlock, expectedParent?: StateHash): Promise<VerifiedBlock>;
  /** Like `fetch`, but null when no source has a file of that name. A wrong file still throws. */
  fetchIfPresent(id: WantedBlock): Promise<VerifiedBlock | null>;
  /** For what can be had elsewhere: null whatever was wrong, which is reported to the operator. */
  tryFetch(id: WantedBlock): Promise<VerifiedBlock | null>;
  /**
   * In the order of the ids, at most 64 at a time and 192 ahead of the consumer: however many ids
   * there are, it never holds more than 192 blocks without their proofs, 8 MB of files and 16 more.
   */
  fetchAll(ids: WantedBlocks): AsyncGenerator<VerifiedBlock>;
  /** As `fetchAll`, for blocks that can be left out: why no source has a sound one comes in its place. */
  fetchEach(ids: WantedBlocks): AsyncGenerator<VerifiedBlock | SourceDataError>;
  /** Masked URLs of the sources that count as different where so many are to agree: no cache, and none twice. */
  readonly origins: readonly string[];
  /** In the order in which the sources are queried, the cache among them. */
  statistics(): readonly SourceStatistics[];
}

export interface BlockSourcesParts {
  /** Queried before the first remote source; keeps the files of remote sources. */
  readonly cache?: BlockCache;
  readonly verifier?: BlockVerifier;
  /** Warns the operator of what does not stop the run. */
  readonly warn?: (message: string) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

interface Place {
  readonly source: BlockSource;
  readonly tally: SourceTally;
  readonly breaker: CircuitBreaker;
}

/** A source that did not give the block, and why; several reasons where it has several files. */
interface Asked {
  readonly place: Place;
  readonly refusals: Refusal[];
}

/** What of a block is asked of every source. */
interface Sought {
  readonly id: WantedBlock;
  readonly expectedParent: StateHash | undefined;
  readonly agreement: Agreement;
  /** Who gave a sound file, by URL. */
  readonly holders: Map<string, Place>;
}

/** Why a block is not had: what is wrong with its files, and who holds sound ones where too few agree. */
interface NotHad {
  readonly refusals: readonly Refusal[];
  readonly agreement: Agreement;
}

type Result = VerifiedBlock | NotHad;

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
      tally: sourceTally(source.url, { retries: () => source.retries?.() ?? 0, now }),
      breaker: new CircuitBreaker(source.url, now),
    }),
  );
  const origins = originsOf(places, cache);
  const intake = new FileIntake();
  const warn = (message: string) => parts.warn?.(message);
  const cacheWriter = cache && new CacheWriter(cache, warn);
  const refusedFiles = new RefusedFiles(network, warn);
  const unusable = new Set<string>();

  async function search(id: WantedBlock, expectedParent?: StateHash): Promise<Result> {
    const agreement = new Agreement(id.agree ?? 1);
    const sought: Sought = { id, expectedParent, agreement, holders: new Map() };
    const asked: Asked[] = [];
    for (const place of agreement.wanted > 1 ? origins : places) {
      const refusal = await ask(place, () => place.source.find(id), sought);
      if (refusal !== null) asked.push({ place, refusals: [refusal] });
      if (agreement.reached !== null) break;
    }
    // Under unusual names, and only when too few sources have the block under a usual one.
    const found = new Set<Asked>();
    for (const it of asked) {
      if (agreement.reached !== null) break;
      if (await searchOthers(it, sought)) found.add(it);
    }
    for (const it of asked) {
      const { place, refusals } = it;
      if (!found.has(it) && refusals[0]!.kind === "missing") place.tally.refused("missing");
    }
    count(sought);
    const { reached } = agreement;
    if (reached !== null) return verifiedBlock(id, reached);
    const refusals = asked.flatMap((it) => (found.has(it) ? [] : it.refusals));
    return { refusals, agreement };
  }

  /**
   * Whether it has a sound file after all. An unavailable source is not queried again. What is wrong with its other
   * files is added.
   */
  async function searchOthers({ place, refusals }: Asked, sought: Sought): Promise<boolean> {
    const { kind } = refusals[0]!;
    if (kind === "unavailable" || kind === "unusable") return false;
    const files = place.source.others?.(sought.id, kind !== "missing");
    if (files === undefined) return false;
    const next = async () => {
      const { done, value } = await files.next();
      return done === true ? null : (value as Uint8Array);
    };
    for (;;) {
      const refusal = await ask(place, next, sought);
      if (refusal === null) {
        await files.return?.();
        return true;
      }
      if (refusal.kind === "missing") return false;
      // It was not missing after all.
      if (refusals[0]!.kind === "missing") refusals.length = 0;
      refusals.push(refusal);
    }
  }

  /** Of sound files, once it is known which one is used. */
  function count({ agreement: { reached, most }, holders }: Sought): void {
    for (const [url, { tally }] of holders) {
      if (url === reached?.urls[0]) tally.found();
      else if (most.includes(url)) tally.agreed();
      else tally.differed();
    }
  }

  /** Null for a sound file, which is heard in the agreement. */
  async function ask(
    place: Place,
    readFile: () => Promise<Uint8Array | null>,
    { id, expectedParent, agreement, holders }: Sought,
  ): Promise<Refusal | null> {
    const { source, tally, breaker } = place;
    const { url } = source;
    const read = () => breaker.watch(() => tally.reading(readFile));
    try {
      return await intake.take(read, async (bytes) => {
        if (bytes === null) return { url, kind: "missing", what: "missing", error: null };
        const content = await verifier.verifyBlock(bytes, id, expectedParent);
        id.accept?.(content);
        holders.set(url, place);
        // Of several files, the one that settles it is kept: the others may be of another opinion.
        if (agreement.add(url, content) && source.isRemote) await cacheWriter?.keep(id, bytes);
        return null;
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
    async fetchIfPresent(id) {
      const result = await search(id);
      if (isBlock(result)) return result;
      if (isMissing(result)) return null;
      throw notFound(id, network, result);
    },
    async tryFetch(id) {
      const result = await search(id);
      if (isBlock(result)) return result;
      for (const { kind, url, what } of result.refusals) {
        if (kind === "unavailable")
          warn(`${blockFileName({ network, ...id })} is not to be had: ${url}: ${what}`);
      }
      return null;
    },
    async *fetchAll(ids) {
      yield* pMapIterable(ids, (id) => fetch(id), AHEAD);
    },
    async *fetchEach(ids) {
      yield* pMapIterable(ids, (id) => fetch(id).catch(sourceDataError), AHEAD);
    },
    origins: origins.map(({ source }) => source.url),
    statistics: () => places.map(({ tally }) => tally.statistics()),
    async [Symbol.asyncDispose]() {
      refusedFiles.tellRest();
      await verifier[Symbol.asyncDispose]();
      for (const { source } of places) await source[Symbol.asyncDispose]();
    },
  };
}

/** @throws whatever is not what is wrong with one block. */
function sourceDataError(error: unknown): SourceDataError {
  if (error instanceof SourceDataError) return error;
  throw error;
}

function inOrder(
  sources: readonly BlockSource[],
  cache: BlockCache | undefined,
): readonly BlockSource[] {
  const at = sources.findIndex(({ isRemote }) => isRemote);
  if (cache === undefined || at === -1) return sources;
  return sources.toSpliced(at, 0, cache);
}

/** Stops queries to a source that was unavailable several times in a row, while it cools down. */
class CircuitBreaker {
  readonly #url: string;
  readonly #now: () => number;
  #failuresInARow = 0;
  #openUntilMs = Number.NEGATIVE_INFINITY;

  constructor(url: string, now: () => number) {
    this.#url = url;
    this.#now = now;
  }

  /**
   * Queries the source. Only its own answers count: a query that the open breaker refused must not
   * keep the breaker open, or the source would never be queried again.
   * @throws TryAgainError without a query while the breaker is open.
   */
  async watch<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#now() < this.#openUntilMs) {
      throw new TryAgainError(
        `${this.#url} was away ${this.#failuresInARow} times in a row and is not asked for a while`,
        { hint: "see that it can be reached, or name another source of blocks; then run again" },
      );
    }
    try {
      const answer = await ask();
      this.#failuresInARow = 0;
      this.#openUntilMs = Number.NEGATIVE_INFINITY;
      return answer;
    } catch (error) {
      if (refusalKind(error) === "unavailable") this.#notice();
      throw error;
    }
  }

  #notice(): void {
    this.#failuresInARow++;
    if (this.#failuresInARow < FAILURES_IN_A_ROW_MAX) return;
    this.#openUntilMs = this.#now() + COOL_DOWN_MS;
  }
}

/** Each by its first place, without the cache, which holds what some of them gave. */
function originsOf(places: readonly Place[], cache: BlockCache | undefined): readonly Place[] {
  const byUrl = new Map<string, Place>();
  for (const place of places) {
    const url = place.source.url.replace(/\/+$/, "");
    if (place.source !== cache && !byUrl.has(url)) byUrl.set(url, place);
  }
  return [...byUrl.values()];
}

function verifiedBlock(
  { height, stateHash }: BlockId,
  { content, urls }: NonNullable<Agreement["reached"]>,
): VerifiedBlock {
  return { ...content, height, stateHash, source: urls[0]!, agreeing: urls };
}

function isBlock(result: Result): result is VerifiedBlock {
  return "protocolState" in result;
}

function isMissing({ refusals, agreement }: NotHad): boolean {
  return agreement.most.length === 0 && refusals.every(({ kind }) => kind === "missing");
}

function notFound(id: BlockId, network: string, { refusals, agreement }: NotHad): ForkliftError {
  const { height, stateHash } = id;
  const name = blockFileName({ network, ...id });
  const { wanted, most } = agreement;
  const places = [
    ...agreement.describe(),
    ...refusals.map(({ url, what }) => `${url}: ${what}`),
  ].join("; ");
  const message =
    most.length === 0
      ? `no source has a sound block ${stateHash} at height ${height} (${places})`
      : `${most.length} of ${wanted} sources agree on the commands of block ${stateHash} at height ${height} (${places})`;
  const cause = refusals.find(({ error }) => error !== null)?.error;
  // Those that could not be asked may make it enough, unless there are too few of them.
  const away = refusals.filter(({ kind }) => kind === "unavailable").length;
  if (away > 0 && most.length + away >= wanted) {
    return new TryAgainError(message, {
      cause,
      hint: `a source could not be read; run again, or put ${name} into a folder of your own`,
    });
  }
  const isUnusable = refusals.some(({ kind }) => kind === "unusable");
  const hint = `get ${name} from another archive operator and put it into a folder among the sources`;
  return new (isUnusable ? ConfigError : SourceDataError)(message, {
    cause,
    hint: most.length === 0 ? hintFor(refusals, hint) : `${hint}, or ask fewer to agree`,
  });
}

function hintFor(refusals: readonly Refusal[], otherHint: string): string {
  const [ownHint] = refusals.flatMap(({ error }) =>
    error instanceof ForkliftError ? error.hint : [],
  );
  return ownHint === undefined ? otherHint : `${ownHint}, or ${otherHint}`;
}
