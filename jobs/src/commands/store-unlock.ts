// `forklift store unlock`: takes the lease of a store away from a run that does not give it back.

import { askYes, duration, type Host, type Outcome } from "@forklift/console";
import { type FoundLease, findLease, removeLease, shownHolder } from "@forklift/sets";
import type { Store } from "@forklift/storage";

export interface Unlocking {
  readonly store: Store;
  readonly network: string;
  /** Without a question. */
  readonly isSure: boolean;
}

/** @throws UsageError where nobody can be asked, TryAgainError when the lease is another by now. */
export async function unlockStore(
  { store, network, isSure }: Unlocking,
  host: Host,
): Promise<Outcome> {
  const found = await findLease({ store, network, date: host.date });
  const place = `${store.url}/ (${network})`;
  if (found === null) {
    return {
      text: `${place}: no run holds the lease`,
      json: { ok: true, store: store.url, network, lease: null, removed: false },
    };
  }
  const lease = describe(found, host.date());
  const removed = isSure || (await askYes(host, `${place}: ${lease}. Remove it?`, "--yes"));
  if (removed) await removeLease({ store, network }, found);
  return {
    text: `${place}: ${lease}\n${removed ? "the lease is removed" : "nothing was done"}`,
    json: { ok: true, store: store.url, network, lease: leaseJson(found), removed },
  };
}

/** Whose it is, its age, and whether it holds anybody back. */
function describe({ holder, liveness, free }: FoundLease, now: Date): string {
  if (holder === null) return "what is there is no lease, and holds nobody back";
  const acquired = Date.parse(holder.acquired);
  const ageMs = now.getTime() - acquired;
  const age = Number.isNaN(acquired) || ageMs < 0 ? "" : `; it is ${duration(ageMs)} old`;
  const ends = free === null ? "it is in force" : `it holds nobody back, since ${free}`;
  return `the lease of ${shownHolder(holder)}${age}; ${ends}; ${PROCESS[liveness]}`;
}

const PROCESS = {
  running: "its process runs on this machine, and ends without a set when the lease is gone",
  ended: "its process has ended",
  unknown: "its process cannot be seen from here",
} as const;

function leaseJson({ holder, liveness, free }: FoundLease) {
  if (holder === null) return { holder: null, process: liveness, free };
  const { work, host, pid, acquired, expires } = holder;
  return { holder: { work, host, pid, acquired, expires }, process: liveness, free };
}
