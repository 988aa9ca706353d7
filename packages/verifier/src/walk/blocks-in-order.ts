// The precomputed blocks of the target's rows, fetched ahead of the walk.

import { formatErrorAt, parseStateHash, parseUnsigned, UINT32_MAX } from "@forklift/chain";
import { ForkliftError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import {
  type BlockContent,
  type BlockGrounds,
  type BlockId,
  type BlockSources,
  type CommandGrounds,
  drawGrounds,
  requireRightSignatures,
  type VerifiedBlock,
  type WantedBlock,
} from "@forklift/precomputed";
import type { Row } from "../compare-rows.ts";
import { Channel } from "./channel.ts";
import type { HeightRows } from "./height-rows.ts";
import type { Scope } from "./scope.ts";

type Precomputed = ReturnType<HeightRows["precomputed"]>;

/** Of one step of the walk. */
type TargetAtStep = Pick<HeightRows, "blocks" | "userCommands" | "internalCommands">;

/**
 * After so many missing blocks the sources are not queried again: each miss costs the blocks that
 * were read ahead behind it.
 */
const MISSES_MAX = 20;

const ONE_FILE: CommandGrounds = { signatures: { which: "none" }, agree: 1 };

export class BlocksInOrder {
  readonly #network: Scope["network"];
  readonly #blocks: BlockSources;
  readonly #draw: () => BlockGrounds;
  /** Of these the first is the next one. */
  readonly #awaited: WantedBlock[] = [];
  #asked = new Channel<WantedBlock>();
  #fetched: AsyncGenerator<VerifiedBlock>;
  /** The next block, under way. */
  #next: Promise<IteratorResult<VerifiedBlock>> | null = null;
  #misses = 0;
  #failure: Error | null = null;

  constructor(
    { network, grounds = ONE_FILE, source }: Pick<Scope, "network" | "grounds" | "source">,
    blocks: BlockSources,
  ) {
    this.#network = network;
    this.#blocks = blocks;
    const { signatureKind } = network;
    this.#draw = drawGrounds(grounds, { signatureKind, hasArchive: source !== null });
    this.#fetched = blocks.fetchAll(this.#asked);
  }

  /** The blocks of the next steps, in their order; those of genesis come from elsewhere. */
  ask(blocks: readonly Row[]): void {
    for (const block of blocks) {
      const id = idOf(block);
      if (id instanceof Error || id.height === 1n) continue;
      const wanted = { ...id, ...this.#draw() };
      this.#awaited.push(wanted);
      this.#asked.push(wanted);
    }
    this.#next ??= this.#pull();
  }

  /** An error is the reason why there is none; the checks that need the block report it. */
  async at(rows: TargetAtStep): Promise<Precomputed | Error> {
    const [row] = rows.blocks;
    if (row === undefined) return new Error("the target has no block at this height");
    const id = idOf(row);
    if (id instanceof Error) return id;
    if (this.#failure !== null) return this.#failure;
    try {
      if (id.height === 1n) return await this.#genesis(id);
      const { value } = await this.#next!;
      const wanted = this.#awaited.shift()!;
      this.#next = this.#pull();
      return await this.#bestFor(rows, value as VerifiedBlock, wanted);
    } catch (error) {
      // Nothing was learnt about the target, and a later run may learn it.
      if (error instanceof TryAgainError || !(error instanceof ForkliftError)) throw error;
      if (++this.#misses < MISSES_MAX) this.#goOn();
      else this.#failure = error;
      return error;
    }
  }

  /** One that is missing ends the reading ahead, and hides none above it. */
  #goOn(): void {
    this.#asked.end();
    this.#awaited.shift();
    this.#asked = new Channel();
    for (const wanted of this.#awaited) this.#asked.push(wanted);
    this.#fetched = this.#blocks.fetchAll(this.#asked);
    this.#next = this.#pull();
  }

  async close(): Promise<void> {
    this.#asked.end();
    await this.#next?.catch(() => undefined);
    await this.#fetched.return(undefined).catch(() => undefined);
  }

  #pull(): Promise<IteratorResult<VerifiedBlock>> {
    const next = this.#fetched.next();
    // Awaited when the walk is there.
    next.catch(() => undefined);
    return next;
  }

  /** No public bucket holds height 1; the preset's state was proven by its hash when loaded. */
  async #genesis(id: BlockId): Promise<Precomputed> {
    const fetched = await this.#blocks.tryFetch(id);
    const { protocolState } = fetched ?? this.#network.genesis;
    return { protocolState, userCommands: [], internalCommands: [], signatures: null };
  }

  /**
   * No state hash covers the commands of a file. One that has others than the target, or wrong signatures, may be
   * wrong itself: the target is compared with it only when no other source has one that agrees and is right.
   */
  async #bestFor(
    rows: TargetAtStep,
    block: VerifiedBlock,
    wanted: WantedBlock,
  ): Promise<VerifiedBlock> {
    const accept = (content: BlockContent) => {
      requireCommandsOf(rows, content);
      requireRightSignatures(block, content);
    };
    try {
      accept(block);
      return block;
    } catch (error) {
      if (!(error instanceof SourceDataError)) throw error;
    }
    try {
      return await this.#blocks.fetch({ ...wanted, accept });
    } catch (error) {
      if (error instanceof SourceDataError) return block;
      throw error;
    }
  }
}

function requireCommandsOf(rows: TargetAtStep, content: BlockContent): void {
  if (hasCommandsOf(rows, content)) return;
  throw new SourceDataError("its commands are not those of the target", {
    hint: "get the file of this block from another archive operator, and compare",
  });
}

/** Whatever else a command has is part of its hash, which was recomputed. */
function hasCommandsOf(rows: TargetAtStep, content: BlockContent): boolean {
  const { userCommands, internalCommands } = content;
  return (
    userCommands.length === rows.userCommands.length &&
    internalCommands.length === rows.internalCommands.length &&
    userCommands.every(({ command, status, failureReason }, at) => {
      const row = rows.userCommands[at]!;
      const isOutcome = row["status"] === status && row["failure_reason"] === failureReason;
      return isOutcome && row["hash"] === command.hash;
    }) &&
    internalCommands.every(({ command }, at) => rows.internalCommands[at]!["hash"] === command.hash)
  );
}

function idOf(row: Row): BlockId | Error {
  try {
    return {
      height: parseUnsigned(row["height"] ?? "", UINT32_MAX),
      stateHash: parseStateHash(row["state_hash"] ?? ""),
    };
  } catch (error) {
    return formatErrorAt(`block at height ${row["height"]}`, error) as Error;
  }
}
