// A block that is wanted for its file alone.

import type { BlockRef } from "@forklift/chain";
import { type BlockGrounds, requireRightSignatures, type WantedBlock } from "@forklift/precomputed";

/** A file with wrong signatures is rejected while another source can be tried. */
export function wantedFile(block: BlockRef, grounds: BlockGrounds): WantedBlock {
  const { height, stateHash } = block;
  return {
    ...{ height, stateHash, ...grounds },
    accept: (content) => requireRightSignatures(block, content),
  };
}
