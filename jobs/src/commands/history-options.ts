// Which blocks of the source a job keeps, and whether it heals them: by an option, else by the configuration.

import { type HealOptions, type HistoryOptions, historyOf } from "@forklift/migrator";
import type { Config } from "../config/schema.ts";

type HistoryConfig = Pick<Config, "history" | "requireOrphans" | "heal">;

/** @throws UsageError when an option requires orphans of a history that has none. */
export function configuredHistory(
  config: HistoryConfig,
  options: HistoryOptions & HealOptions,
): HistoryConfig {
  const chosen = historyOf({ ...options, history: options.history ?? config.history });
  return {
    ...chosen,
    requireOrphans: chosen.requireOrphans || config.requireOrphans,
    heal: options.heal === true || config.heal,
  };
}
