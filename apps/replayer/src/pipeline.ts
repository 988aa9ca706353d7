import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { ReplayerContext } from "./context.ts";
import { compareForkGenesisStage } from "./stages/compare-fork-genesis.ts";
import { replayCommands } from "./stages/replay-commands.ts";

/** The whole replay. */
export const replay: readonly Stage<ReplayerContext, Session>[] = [
  replayCommands,
  compareForkGenesisStage,
];
