// Tells the operator of files that were refused, also when another place made them good: who holds them
// would hand them out again.

import { blockFileName } from "@forklift/chain";
import type { BlockId } from "./block-source.ts";

/** Told one by one. A place may hold nothing but wrong files, and a log is to be read. */
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
