// Which blocks of the source a target holds.

/**
 * `canonical` is the chain alone, as the official tool migrates it; `complete` keeps orphaned blocks too, with
 * the accounts that their replay gives; `all` those besides that the source has not decided about.
 */
export const HISTORIES = ["canonical", "complete", "all"] as const;

export type History = (typeof HISTORIES)[number];
