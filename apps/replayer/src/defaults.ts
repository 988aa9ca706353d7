// Default settings of a replay, for want of a value in a configuration or on the command line.

export const REPLAY_DEFAULTS = {
  /**
   * Blocks between two checkpoints, some forty of them over all of mainnet. One takes seconds, and a
   * replay goes on from the database without any.
   */
  checkpointIntervalBlocks: 10_000,
  /** However slow a replay is, a crash never costs more than this. */
  checkpointIntervalMinutes: 10,
  /**
   * Keeping them up to date takes PostgreSQL 0.7 ms a block of ten commands: more than a second here, of
   * which building them takes a part. Fewer would not be worth a target that lacks them after a kill.
   */
  indexesLastFromBlocks: 2_000n,
} as const;
