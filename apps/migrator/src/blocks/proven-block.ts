import type { VerifiedBlock } from "@forklift/precomputed";

/** The content of a precomputed block, proven to be the block of its name, and its source. */
export type ProvenBlock = Omit<VerifiedBlock, "height" | "stateHash" | "agreeing">;
