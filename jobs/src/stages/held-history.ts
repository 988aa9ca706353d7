// Whether a run keeps what the set that it goes on from holds beside the chain. Asked before anything is restored,
// which may take hours, and of the set that is restored in the end.

import { HISTORIES, type History } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import { historyOfSet, type PublishedSet } from "@forklift/sets";
import type { JobInputs } from "../context/job-inputs.ts";

/**
 * Of the set that the run will go on from. Where the block to end in is named by its hash, only the source can tell
 * which set that is: then of whichever it may be.
 * @throws ConfigError
 */
export async function requireHistoryOfStore(
  { job, stop, store, sets }: Pick<JobInputs, "job" | "stop" | "store" | "sets">,
  history: History,
): Promise<void> {
  if (job === "prime" || job === "follow") return;
  const { forkStateHash, stopAtHeight } = stop;
  const isTold = forkStateHash === null || stopAtHeight !== null;
  const newest = isTold ? await sets.newest(stopAtHeight ?? undefined) : null;
  const chosen = isTold ? [newest].filter((set) => set !== null) : await sets.complete();
  const [first] = chosen;
  if (first !== undefined && chosen.every((set) => !isKept(set, history))) {
    requireHistory({ history, store }, first);
  }
}

/**
 * What a set holds beside the chain would go on unwatched in a run that does not look there.
 * @throws ConfigError
 */
export function requireHistory(
  { history, store }: Pick<JobInputs, "store"> & { readonly history: History },
  set: PublishedSet,
): void {
  if (isKept(set, history)) return;
  const held = historyOfSet(set.manifest);
  throw new ConfigError(
    `the set ${set.name} of ${store.url} holds ${WHAT_IS_HELD[held]}, this run keeps ${WHAT_IS_HELD[history]}`,
    {
      hint:
        `give --history ${held}, or set history: ${held}; sets that hold less are begun by forklift prime ` +
        "in a store of their own",
    },
  );
}

function isKept({ manifest }: PublishedSet, history: History): boolean {
  return HISTORIES.indexOf(historyOfSet(manifest)) <= HISTORIES.indexOf(history);
}

const WHAT_IS_HELD: Readonly<Record<History, string>> = {
  canonical: "the canonical chain alone",
  complete: "orphaned blocks beside the chain",
  all: "orphaned and pending blocks beside the chain",
};
