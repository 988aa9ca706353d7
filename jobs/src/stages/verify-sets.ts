// The stage of `forklift store verify`: every file of the sets, read to its end and compared with what
// its manifest says. A check that fails fails the command.

import { megabytesDone } from "@forklift/console";
import { SourceDataError, throwIfStopped, type WholeStage } from "@forklift/pipeline";
import type { FoundSet } from "@forklift/sets";
import { checkedBytes } from "@forklift/sets";
import type { Store } from "@forklift/storage";

export interface VerifySetsContext {
  readonly store: Store;
  readonly sets: readonly FoundSet[];
}

interface Plan {
  readonly sets: readonly string[];
  readonly bytes: number;
}

export const verifySets: WholeStage<VerifySetsContext, Plan> = {
  id: "verify-sets",
  kind: "whole",

  async plan({ sets }) {
    const files = sets.flatMap(({ manifest, fault }) => (fault === null ? manifest.files : []));
    return {
      sets: sets.map(({ name }) => name),
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  },

  /** @throws SourceDataError naming every set that is not whole, after all of them were read. */
  async run({ store, sets }, { bytes }, { signal, progress }) {
    const faults: string[] = [];
    let done = 0;
    let files = 0;
    for (const { name, manifest, fault } of sets) {
      if (fault !== null) faults.push(`${name}: ${fault}`);
      for (const file of fault === null ? manifest.files : []) {
        throwIfStopped(signal, "verify-sets");
        try {
          for await (const chunk of checkedBytes(store, file)) {
            done += chunk.byteLength;
            progress(megabytesDone(done, bytes));
          }
          files++;
        } catch (error) {
          if (!(error instanceof SourceDataError)) throw error;
          faults.push(`${name}: ${error.message}`);
        }
      }
    }
    if (faults.length === 0) return { rowCount: files };
    throw new SourceDataError(faults.join("; "), {
      hint: "such a set is passed over; forklift store prune --leftovers removes it",
      details: { faults },
    });
  },

  /** Its whole work was to verify. */
  async verify() {
    return [];
  },
};
