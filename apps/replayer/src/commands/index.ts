// The commands of the replayer, for its own program and for `forklift`.

import type { AddCommand, CommandLine } from "@forklift/console";
import { addBalanceCommand } from "./balance.ts";
import { addCheckpointCommand } from "./checkpoint.ts";
import { addReplayCommand } from "./replay.ts";
import { addUnwindCommand } from "./unwind.ts";

export const replayerCommands: readonly AddCommand[] = [
  addReplayCommand,
  addUnwindCommand,
  addCheckpointCommand,
  addBalanceCommand,
];

/** The program of its own. */
export const replayer: CommandLine = {
  name: "forklift-replayer",
  description: "Replays the commands of a Berkeley archive, and keeps its checkpoints.",
  commands: replayerCommands,
};
