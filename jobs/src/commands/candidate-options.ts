// What an operator says of a last pre-fork block besides its name, to final and cutover alike.

import { countOption, heightOption } from "@forklift/console";
import type { Command } from "commander";
import type { Config } from "../config/schema.ts";

export interface CandidateOptions {
  readonly forkSlot?: bigint;
  readonly minConfirmations?: number;
}

export function withCandidateOptions(command: Command): Command {
  return command
    .option("--fork-slot <n>", "slot since genesis of the last pre-fork block", heightOption)
    .option(
      "--min-confirmations <n>",
      "blocks above a last pre-fork block that nobody else names; 0 takes a tip",
      countOption,
    );
}

/** The configuration's part of that name, the options before it. */
export function finalOf(
  { final }: Config,
  { minConfirmations }: CandidateOptions,
): Config["final"] {
  return { ...final, minConfirmations: minConfirmations ?? final.minConfirmations };
}
