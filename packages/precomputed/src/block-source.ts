// What a place that holds precomputed blocks can do, and what comes out of it.

import type { StateHash } from "@forklift/chain";
import type { ProtocolState } from "@forklift/ledger";

export interface BlockId {
  readonly height: bigint;
  readonly stateHash: StateHash;
}

/**
 * A block whose protocol state hashes to the state hash that was asked for. The transactions in the
 * same file are tied to it only through the ledger hash; nothing else of the file was judged.
 */
export interface VerifiedBlock extends BlockId {
  readonly protocolState: ProtocolState;
  /** The URL of the place that held it. */
  readonly source: string;
}

export interface BlockSource extends AsyncDisposable {
  /** For people: credentials are masked. */
  readonly url: string;
  /** The unjudged bytes of the file that bears the block's name; null when there is no such file. */
  find(id: BlockId): Promise<Uint8Array | null>;
}

/**
 * Bytes of one block file. The largest blocks of mainnet, full of SNARK proofs, take a few million;
 * far above that a file is something else, and reading it whole would only cost memory.
 */
export const BLOCK_FILE_BYTES_MAX = 32 * 1024 * 1024;
