// From one trusted state hash down to genesis: a block is accepted only as the parent that an
// accepted child names.
//
// A block's own state hash proves nothing, since anyone can build a state and hash it. What an
// accepted child names is proven by the child's hash, and so on up to the one that was trusted.

import type { StateHash } from "@forklift/chain";
import type { ProtocolState } from "./protocol-state.ts";
import { hashProtocolStates } from "./protocol-state-hash.ts";

/** What the next block, one further down, must be. */
export interface ExpectedBlock {
  readonly stateHash: StateHash;
  /** Null where nothing is known yet but the hash. */
  readonly height: bigint | null;
  /** Every block of a network names its genesis block; null as above. */
  readonly genesisStateHash: StateHash | null;
}

/** The height of the genesis block. */
const GENESIS_HEIGHT = 1n;

/** A block is not the one that the chain from the trusted hash leads to. */
export class UntrustedBlockError extends Error {
  override readonly name = "UntrustedBlockError";
  /** Where in the chain; what the block claims as long as the chain has not said it. */
  readonly height: bigint;
  /** What the accepted child names, or what was trusted. Null: the chain has ended. */
  readonly expected: StateHash | null;
  /** Recomputed from the block. */
  readonly found: StateHash;

  constructor(
    message: string,
    { height, expected, found }: Pick<UntrustedBlockError, "height" | "expected" | "found">,
  ) {
    super(`height ${height}: ${message}`);
    this.height = height;
    this.expected = expected;
    this.found = found;
  }
}

/** Where a chain begins. The height may be left out; then the block's own is taken. */
export function trustedBlock(stateHash: StateHash, height: bigint | null = null): ExpectedBlock {
  return { stateHash, height, genesisStateHash: null };
}

/**
 * Accepts blocks, each the parent of the one before it in the list.
 * @returns what their next parent must be, or null behind genesis, where the chain is complete.
 * @throws UntrustedBlockError for the first block that does not follow; those before it are proven.
 */
export function acceptParents(
  expected: ExpectedBlock | null,
  parents: readonly ProtocolState[],
): ExpectedBlock | null {
  const hashes = hashProtocolStates(parents);
  let next = expected;
  for (const [at, parent] of parents.entries()) next = accept(next, parent, hashes[at]!);
  return next;
}

function accept(
  expected: ExpectedBlock | null,
  { previousStateHash, body }: ProtocolState,
  found: StateHash,
): ExpectedBlock | null {
  const claimed = body.consensusState.blockchainLength;
  if (expected === null) {
    throw new UntrustedBlockError(`the chain ended at genesis, found block ${found}`, {
      height: claimed,
      expected: null,
      found,
    });
  }
  const place = { height: expected.height ?? claimed, expected: expected.stateHash, found };
  if (found !== expected.stateHash) {
    throw new UntrustedBlockError(
      `recomputed state hash ${found}, expected ${expected.stateHash}`,
      place,
    );
  }
  if (claimed !== place.height || claimed < GENESIS_HEIGHT) {
    const wanted = claimed < GENESIS_HEIGHT ? "at least 1" : `${place.height}`;
    throw new UntrustedBlockError(
      `block ${found} has height ${claimed}, expected ${wanted}`,
      place,
    );
  }
  if (claimed === GENESIS_HEIGHT) return acceptGenesis(expected, place);
  // The genesis block cannot name itself, so only its descendants are asked.
  const genesisStateHash = expected.genesisStateHash ?? body.genesisStateHash;
  if (body.genesisStateHash !== genesisStateHash) {
    throw new UntrustedBlockError(
      `block ${found} descends from genesis ${body.genesisStateHash}, expected ${genesisStateHash}`,
      place,
    );
  }
  return { stateHash: previousStateHash, height: claimed - 1n, genesisStateHash };
}

function acceptGenesis(
  { genesisStateHash }: ExpectedBlock,
  place: Pick<UntrustedBlockError, "height" | "expected" | "found">,
): null {
  if (genesisStateHash !== null && genesisStateHash !== place.found) {
    throw new UntrustedBlockError(
      `genesis block ${place.found}, expected ${genesisStateHash}, which its descendants name`,
      place,
    );
  }
  return null;
}
