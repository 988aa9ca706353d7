// Options of the commands that migrate: which blocks beside the chain are taken along.

import { HISTORIES, type History } from "@forklift/chain";
import { UsageError } from "@forklift/pipeline";
import { type Command, Option } from "commander";

export interface HistoryOptions {
  readonly history?: History;
  readonly requireOrphans?: true;
}

export interface HealOptions {
  readonly heal?: true;
}

export function withHealOption(command: Command): Command {
  return command.option(
    "--heal",
    "take from block files what the source lacks or has otherwise, where it is settled; each case is reported",
  );
}

export function withHistoryOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--history <which>",
        "canonical: the chain; complete: orphaned blocks beside it; all: pending ones too (default: canonical)",
      ).choices(HISTORIES),
    )
    .option("--require-orphans", "stop at a block beside the chain that cannot be migrated");
}

/**
 * @throws UsageError when what nobody asked for is required.
 */
export function historyOf({ history = "canonical", requireOrphans }: HistoryOptions): {
  readonly history: History;
  readonly requireOrphans: boolean;
} {
  if (requireOrphans === true && history === "canonical") {
    throw new UsageError("--require-orphans requires what a canonical history does not have", {
      hint: "give --history complete, or leave --require-orphans out",
    });
  }
  return { history, requireOrphans: requireOrphans === true };
}
