// All that stands at one height: the rows of the target, those of the source, and the block itself.

import type { BlockContent } from "@forklift/precomputed";
import type { Row } from "../compare-rows.ts";
import type { AccountChange, BadRow } from "./rebuilt-ledger.ts";

export interface HeightRows {
  readonly height: bigint;
  /** More than one only in a target that is wrong. */
  readonly blocks: readonly Row[];
  readonly userCommands: readonly Row[];
  /** A coinbase before the fee transfer that it pays. */
  readonly internalCommands: readonly Row[];
  readonly accessed: readonly Row[];
  readonly created: readonly Row[];
  /** Null when the verification has no source. */
  readonly source: SourceRows | null;
  /** @throws the reason why there is no sound precomputed block. */
  readonly precomputed: () => Pick<
    BlockContent,
    "protocolState" | "userCommands" | "internalCommands"
  >;
  /** What the rows in `accessed` did to the accounts below. */
  readonly changes: readonly AccountChange[];
  /** Rows in `accessed` that are no account. */
  readonly badRows: readonly BadRow[];
}

export interface SourceRows {
  /** None when the source does not have the target's chain up to here. */
  readonly blocks: readonly Row[];
  readonly userCommands: readonly Row[];
  readonly internalCommands: readonly Row[];
}
