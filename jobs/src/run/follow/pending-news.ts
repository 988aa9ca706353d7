// What `follow` tells of the pending blocks: their state in every cycle, and once what is new of them.

import { jsonNumber } from "@forklift/chain";
import type { RunEnvironment } from "@forklift/console";
import { nextStepOf } from "@forklift/pipeline";
import type { PendingReport } from "@forklift/replayer";
import type { PendingState } from "@forklift/sets";

export class PendingNews {
  readonly #log: RunEnvironment["log"];
  readonly #told = new Set<string>();
  #isCut = false;

  constructor(log: RunEnvironment["log"]) {
    this.#log = log;
  }

  tell({ differences, cutAt }: PendingReport): void {
    // Once each: it is the network that decides whether a pending block becomes canonical.
    for (const { stateHash, isOnBestChain, error } of differences) {
      if (this.#told.has(stateHash)) continue;
      this.#told.add(stateHash);
      const where = isOnBestChain ? "of the best chain" : "of a fork";
      this.#log.error({ err: error, hint: nextStepOf(error) }, `a pending block ${where} differs`);
    }
    if (this.#isCut === (cutAt !== null)) return;
    this.#isCut = cutAt !== null;
    if (cutAt === null) this.#log.info("all pending blocks are replayed again");
    else {
      this.#log.warn(
        { height: jsonNumber(cutAt.height), stateHash: cutAt.stateHash },
        "more blocks are pending than are replayed: from this one on they follow as the target advances",
      );
    }
  }
}

export function pendingState(report: PendingReport): PendingState {
  const { provenTo, blocks, proven, forks, differences, cutAt } = report;
  return {
    ...{ provenTo: jsonNumber(provenTo), blocks, proven, forks },
    differences: differences.length,
    ...(cutAt === null ? {} : { cutAt: jsonNumber(cutAt.height) }),
  };
}
