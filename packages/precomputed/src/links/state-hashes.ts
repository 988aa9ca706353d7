// Hashes protocol states that come one by one side by side, which is faster.

import type { StateHash } from "@forklift/chain";
import { hashProtocolStates, type ProtocolState } from "@forklift/ledger";

/** Beyond a few, the first would only come later. */
const STATES_AT_ONCE = 16;

interface Waiting {
  readonly state: ProtocolState;
  resolve(stateHash: StateHash): void;
  reject(error: unknown): void;
}

export class StateHashes {
  #gathered: Waiting[] = [];

  /** Hashed with whatever else comes in before the next turn. */
  of(state: ProtocolState): Promise<StateHash> {
    return new Promise((resolve, reject) => {
      this.#gathered.push({ state, resolve, reject });
      if (this.#gathered.length === STATES_AT_ONCE) this.#hash();
      else if (this.#gathered.length === 1) setImmediate(() => this.#hash());
    });
  }

  #hash(): void {
    const waiting = this.#gathered;
    if (waiting.length === 0) return;
    this.#gathered = [];
    try {
      const hashes = hashProtocolStates(waiting.map(({ state }) => state));
      for (const [at, { resolve }] of waiting.entries()) resolve(hashes[at]!);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
