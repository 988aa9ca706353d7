// What the benchmarks project to.

/** Mainnet up to its fork. Its commands per block, internal ones included, are assumed to be ours. */
export const MAINNET_BLOCKS = 359_604;

/** About, at the hard fork. */
export const MAINNET_ACCOUNTS = 228_000;
