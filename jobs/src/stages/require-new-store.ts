// Step 2 of prime: a store that holds a set already is continued by daily, not primed again.

import { ConfigError, type WholeStage } from "@forklift/pipeline";
import type { JobInputs } from "../context/job-inputs.ts";

interface Plan {
  readonly store: string;
  /** The set that prime replaces; null in a new store. */
  readonly replaces: string | null;
}

export const requireNewStore: WholeStage<
  Pick<JobInputs, "store" | "sets" | "isReplacing">,
  Plan
> = {
  id: "require-new-store",
  kind: "whole",

  async plan({ store, sets, isReplacing }) {
    const set = await sets.newest();
    if (set !== null && !isReplacing) {
      throw new ConfigError(`${store.url} already holds the set ${set.name}; nothing was changed`, {
        hint: "forklift daily continues it; forklift prime --replace starts anew",
      });
    }
    return { store: store.url, replaces: set?.name ?? null };
  },

  async run() {
    return { rowCount: 0 };
  },

  async verify() {
    return [];
  },
};
