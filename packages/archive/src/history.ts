// How much of a source's blocks a target holds.

/**
 * `canonical`: the chain alone. `complete`: orphaned blocks beside it. `all`: pending ones as well.
 */
export type History = "canonical" | "complete" | "all";
