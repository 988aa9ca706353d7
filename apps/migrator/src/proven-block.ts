import type { VerifiedBlock } from "@forklift/precomputed";

/** What a precomputed block says, proven to be the one that its name claims, and its place. */
export type ProvenBlock = Omit<VerifiedBlock, "height" | "stateHash">;
