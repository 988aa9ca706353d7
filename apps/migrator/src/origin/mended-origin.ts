// An archive whose damage is healed as the origin of a migration: its chain is mended by the block files.

import { mendedChain } from "../heal/mended-chain.ts";
import { type Archive, archiveOrigin } from "./archive-origin.ts";
import type { Origin, OriginContext } from "./origin.ts";

export function mendedOrigin(context: Archive & Pick<OriginContext, "blocks" | "history">): Origin {
  const archive = archiveOrigin(context);
  return {
    ...archive,
    selectChain: (stop) => mendedChain(context, stop),
    async hasOnChain(chain, stateHash) {
      const isMended = chain.tail.some((block) => block.stateHash === stateHash);
      return isMended || (await archive.hasOnChain(chain, stateHash));
    },
  };
}
