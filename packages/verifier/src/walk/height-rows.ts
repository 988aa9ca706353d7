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

/** The tables that hang on blocks, and where the walk shows their rows. */
export const LISTS_OF_TABLES = [
  ["blocks", "blocks"],
  ["blocks_user_commands", "userCommands"],
  ["blocks_internal_commands", "internalCommands"],
  ["accounts_accessed", "accessed"],
  ["accounts_created", "created"],
] as const satisfies readonly (readonly [string, keyof HeightRows])[];

export interface SourceRows {
  /** None when the source does not have the target's chain up to here. */
  readonly blocks: readonly Row[];
  readonly userCommands: readonly Row[];
  readonly internalCommands: readonly Row[];
}
