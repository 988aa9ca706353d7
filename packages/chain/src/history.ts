// Which blocks of the source a target holds.

/**
 * `canonical` is the chain alone, as the official tool migrates it; `complete` keeps orphaned blocks too, with
 * the accounts that their replay gives; `all` those besides that the source has not decided about.
 */
export const HISTORIES = ["canonical", "complete", "all"] as const;

export type History = (typeof HISTORIES)[number];

/** What the new schema says of a block; `canonical` are those of the migrated chain. */
export type ChainStatus = "canonical" | "orphaned" | "pending";

/** What a block beside the chain is in the target. */
export type BranchStatus = Exclude<ChainStatus, "canonical">;
