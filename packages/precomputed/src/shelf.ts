// A bundle that has been read, and what is needed to read one.

import type { BlockIndex, Slice } from "./block-index.ts";

export interface BundleOptions {
  readonly url: string;
  /** The same for people. */
  readonly maskedUrl: string;
  readonly network: string;
  readonly scratchDirectory: string;
  readonly isCompressed: boolean;
}

/** An archive that has been read: its blocks can be taken from it in any order. */
export interface Shelf extends AsyncDisposable {
  readonly index: BlockIndex;
  read(slice: Slice): Promise<Uint8Array>;
}
