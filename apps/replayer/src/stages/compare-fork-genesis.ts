// Compares the ledger that the replay ended with with the published configuration of the fork.

import type { TargetBlock } from "@forklift/archive";
import { compareForkGenesis, requireForkGenesis } from "@forklift/network";
import { SourceDataError, type WholeStage } from "@forklift/pipeline";
import { checkpointName } from "../checkpoint/checkpoint.ts";
import { loadCheckpoint } from "../checkpoint/load-checkpoint.ts";
import { readMetaHead } from "../checkpoint/read-meta.ts";
import type { ReplayerContext } from "../context.ts";
import { findStopBlock } from "../range/stop-block.ts";

interface Plan {
  readonly configuration: string;
  /** The block that the configuration must fork from. */
  readonly block: TargetBlock;
  /** Of that block: what is compared is what is published. */
  readonly checkpoint: string;
}

export const compareForkGenesisStage: WholeStage<ReplayerContext, Plan> = {
  id: "compare-fork-genesis",
  kind: "whole",

  async plan(context) {
    const { forkGenesisConfigUrl, network } = context;
    if (forkGenesisConfigUrl === undefined) {
      return { skip: "no genesis configuration of the fork was given" };
    }
    const block = await findStopBlock(context);
    const checkpoint = checkpointName(network.name, block.globalSlotSinceGenesis);
    return { configuration: forkGenesisConfigUrl, block, checkpoint };
  },

  /** Reads the accounts of the checkpoint only when the configuration lists accounts, too. */
  async run(
    { checkpoints, network, inform = () => undefined },
    { configuration, block, checkpoint },
  ) {
    const place = { store: checkpoints, name: checkpoint };
    const meta = await readMetaHead(place);
    if (meta?.stateHash !== block.stateHash) {
      throw new SourceDataError(
        `${checkpoints.url}/${checkpoint} stands on ${meta?.stateHash ?? "no block"}, expected ` +
          block.stateHash,
        { hint: "remove it and run the same command again, which writes it anew" },
      );
    }
    const { winner } = network.genesis;
    const comparison = await compareForkGenesis(configuration, {
      tip: block,
      berkeleyLedgerHash: meta.berkeleyLedgerHash,
      winner,
      ledger: async () => (await loadCheckpoint(place, { winner, inform })).ledger,
    });
    requireForkGenesis(configuration, comparison);
    return { rowCount: comparison.accountsCompared };
  },

  /** Its whole work was to compare. */
  async verify() {
    return [];
  },
};
