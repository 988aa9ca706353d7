// Warns the operator of block files that were rejected, also when another source made them good:
// their source would hand them out again.

import { blockFileName } from "@forklift/chain";
import type { BlockId } from "./verify/block-source.ts";

/** Warnings with a name. A source may hold nothing but wrong files, and a log is to be read. */
const TOLD_MAX = 20;

export class RefusedFiles {
  readonly #network: string;
  readonly #warn: (message: string) => void;
  #count = 0;

  constructor(network: string, warn: (message: string) => void) {
    this.#network = network;
    this.#warn = warn;
  }

  tell(id: BlockId, url: string, reason: string): void {
    if (++this.#count > TOLD_MAX) return;
    const name = blockFileName({ network: this.#network, ...id });
    this.#warn(`${name} of ${url} is set aside: ${reason}`);
  }

  tellRest(): void {
    const rest = this.#count - TOLD_MAX;
    if (rest > 0) this.#warn(`${rest} more block files are set aside, wrong or truncated`);
  }
}
