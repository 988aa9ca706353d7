import type { History } from "@forklift/chain";
import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { ReplayerContext } from "./context.ts";
import { compareForkGenesisStage } from "./stages/compare-fork-genesis.ts";
import { replayBranches } from "./stages/replay-branches.ts";
import { replayCommands } from "./stages/replay-commands.ts";

/** The whole replay of a chain. */
const replay: readonly Stage<ReplayerContext, Session>[] = [
  replayCommands,
  compareForkGenesisStage,
];

/** The same, with the branches that a target holds beside its chain. */
export const completeReplay: readonly Stage<ReplayerContext, Session>[] = [
  replayCommands,
  replayBranches,
  compareForkGenesisStage,
];

export function replayOf(history: History): readonly Stage<ReplayerContext, Session>[] {
  return history === "canonical" ? replay : completeReplay;
}
