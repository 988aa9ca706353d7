// The protocol state of each block, from precomputed blocks; for genesis, if need be, from the preset.

import type { SourceBlock } from "@forklift/archive";
import type { ProtocolState } from "@forklift/ledger";
import type { Network } from "@forklift/network";
import type { BlockSources } from "@forklift/precomputed";

const GENESIS_HEIGHT = 1n;

/** In the order of the blocks, which follow one another in ascending height. */
export async function* protocolStatesOf(
  sourceBlocks: readonly SourceBlock[],
  { blocks, network }: { readonly blocks: BlockSources; readonly network: Network },
): AsyncGenerator<ProtocolState> {
  const [first, ...rest] = sourceBlocks;
  if (first === undefined) return;
  if (first.height > GENESIS_HEIGHT) {
    for await (const { protocolState } of blocks.fetchAll(sourceBlocks)) yield protocolState;
    return;
  }
  // No public bucket holds height 1; the preset's state was proven by its hash when it was loaded.
  const fetched = await blocks.tryFetch(first);
  yield fetched?.protocolState ?? network.genesis.protocolState;
  for await (const { protocolState } of blocks.fetchAll(rest)) yield protocolState;
}
