// The commands of `forklift`: those of the migrator and of the replayer, and those of the jobs.

import type { CommandLine } from "@forklift/console";
import { migratorCommands } from "@forklift/migrator";
import { replayerCommands } from "@forklift/replayer";
import { addConfigCommand } from "./config.ts";
import { addCutoverCommand } from "./cutover.ts";
import { addExportCommand } from "./export.ts";
import { addFollowCommand, followMigration } from "./follow.ts";
import { addJobCommands } from "./jobs.ts";
import { addNetworkCommand } from "./network.ts";
import { addRestoreCommand } from "./restore.ts";
import { addRunCommand } from "./run.ts";
import { addSampleCommand } from "./sample.ts";
import { addScheduleCommand } from "./schedule.ts";
import { addStatusCommand } from "./status.ts";
import { addStoreCommand } from "./store.ts";
import { addVerifyCommand } from "./verify.ts";

/** In the order of the help: the steps one by one, the jobs, and what looks after them. */
export const forklift: CommandLine = {
  name: "forklift",
  description: "Lifts a Mina archive database over the Berkeley hard fork.",
  commands: [
    addRestoreCommand,
    ...migratorCommands(followMigration),
    ...replayerCommands,
    addVerifyCommand,
    addExportCommand,
    addJobCommands,
    addCutoverCommand,
    addFollowCommand,
    addScheduleCommand,
    addStoreCommand,
    addStatusCommand,
    addRunCommand,
    addConfigCommand,
    addNetworkCommand,
    addSampleCommand,
  ],
};
