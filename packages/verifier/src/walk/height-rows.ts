// All that the walk shows of one block: the rows of the target, those of the source, and the block itself. Of the
// chain it is whatever stands at a height as canonical, which are several blocks in a target that is wrong.

import type { BlockContent } from "@forklift/precomputed";
import type { Row } from "../compare-rows.ts";
import type { HealedPart } from "../healed.ts";
import type { AccountChange, BadRow } from "./rebuilt-ledger.ts";

export interface HeightRows {
  readonly height: bigint;
  /** The height, and beside the chain the block, as the keys of differences name them. */
  readonly place: string;
  /** Whether it is a block of a branch: orphaned, or pending. */
  readonly isBeside: boolean;
  /** The block below: the parent of a branch's block, for the chain what stands there; null below genesis. */
  readonly below: BlockBelow | null;
  /** Whether the next one is of another height of the chain: no branch is rooted here that is still to come. */
  readonly endsHeight: boolean;
  /** One beside the chain. On it, more than one only in a target that is wrong. */
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
    "protocolState" | "userCommands" | "internalCommands" | "signatures"
  >;
  /** What the rows in `accessed` did to the accounts below. */
  readonly changes: readonly AccountChange[];
  /** Rows in `accessed` that are no account. */
  readonly badRows: readonly BadRow[];
}

export interface BlockBelow {
  readonly height: bigint;
  readonly stateHash: string;
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
  /** What of the block the migration took from its file, since it is otherwise here. */
  readonly healed?: ReadonlySet<HealedPart> | undefined;
}
