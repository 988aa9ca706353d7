// How much of a source's blocks a target holds.

/**
 * `canonical`: the chain alone. `complete`: orphaned blocks beside it. `all`: pending ones as well.
 */
export type History = "canonical" | "complete" | "all";

/** What the new schema says of a block; `canonical` are those of the migrated chain. */
export type ChainStatus = "canonical" | "orphaned" | "pending";

/** What a block beside the chain is in the target. */
export type BranchStatus = Exclude<ChainStatus, "canonical">;
