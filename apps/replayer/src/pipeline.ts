import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { compareForkGenesisStage } from "./stages/compare-fork-genesis.ts";
import { replayCommands } from "./stages/replay-commands.ts";
import type { ReplayerWorld } from "./world.ts";

/** The whole replay. */
export const replay: readonly Stage<ReplayerWorld, Session>[] = [
  replayCommands,
  compareForkGenesisStage,
];
