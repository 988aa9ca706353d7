// Which blocks of the source a run keeps, by an option before the configuration.

import { HISTORIES, type History } from "@forklift/chain";
import { type Command, Option } from "commander";
import type { Config } from "../config/schema.ts";

export interface HistoryOptions {
  readonly history?: History;
  readonly requireOrphans?: true;
}

export function withHistoryOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--history <kind>",
        "the blocks to keep: the chain's, with complete orphaned ones, with all pending ones, too",
      ).choices(HISTORIES),
    )
    .option(
      "--require-orphans",
      "stop at a block beside the chain that cannot be kept, instead of leaving it out",
    );
}

export function historyOf(
  config: Pick<Config, "history" | "requireOrphans">,
  { history, requireOrphans }: HistoryOptions,
): Pick<Config, "history" | "requireOrphans"> {
  return {
    history: history ?? config.history,
    requireOrphans: requireOrphans ?? config.requireOrphans,
  };
}
