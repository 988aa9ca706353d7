// The interface of a source of precomputed blocks, and the blocks that come from it.

import type { BlockRef } from "@forklift/chain";
import type { BlockContent, NamedBlock } from "./verify-block.ts";

export type BlockId = BlockRef;

/** The requested block, with what the caller knows of it. */
export interface WantedBlock extends NamedBlock {
  /**
   * Refuses a file for what no state hash covers. What it throws, a FormatError or a SourceDataError,
   * is the reason why the file is wrong; the hint is for the case that no source has a better one.
   */
  readonly accept?: (content: BlockContent) => void;
  /**
   * How many block sources of different origin must hold the same commands, in the same order and with the same
   * outcome; default: the first right file is enough.
   */
  readonly agree?: number;
}

/** A block that is what its name says; see `verifyBlock` for what that means. */
export interface VerifiedBlock extends BlockId, BlockContent {
  /** The URL of the source that held it. */
  readonly source: string;
  /** The URLs of the sources that held the same commands, as far as they were asked; the first is `source`. */
  readonly agreeing: readonly string[];
}

export interface BlockSource extends AsyncDisposable {
  /** For people: credentials are masked. */
  readonly url: string;
  /** Whether it pays to keep what it gave. */
  readonly isRemote: boolean;
  /**
   * The unjudged bytes of the file that bears the block's name, unpacked; null when there is no such
   * file. A source that can only be queried name by name may try the usual ones only.
   */
  find(id: BlockId): Promise<Uint8Array | null>;
  /**
   * The same of its other files for the block, under other names: for when no source has a sound
   * one.
   * @param hadFile whether `find` gave one.
   */
  others?(id: BlockId, hadFile: boolean): AsyncIterator<Uint8Array>;
  /** Number of retries. */
  retries?(): number;
}

/**
 * Bytes of one block file. The largest blocks of mainnet, full of SNARK proofs, take a few million;
 * far above that a file is something else, and reading it whole would only cost memory.
 */
export const BLOCK_FILE_BYTES_MAX = 32 * 1024 * 1024;
