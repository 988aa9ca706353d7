// The set of somebody else that an operator names: by the URL of its manifest, or by that of the store whose
// newest complete set is meant.

import { parseStateHash } from "@forklift/chain";
import { SourceDataError, UsageError } from "@forklift/pipeline";
import {
  type FoundSet,
  findNamedSet,
  findSets,
  manifestName,
  networksWithSets,
  type PublishedSet,
} from "@forklift/sets";
import { openStore, requireFolder, type Store, splitObjectUrl } from "@forklift/storage";

export interface ChosenSet {
  readonly store: Store;
  readonly set: PublishedSet;
}

/** What a manifest's URL ends with; the network is what stands in front. */
const MANIFEST_URL = /\/([a-z0-9][a-z0-9-]*)-set-\d+-3N[1-9A-HJ-NP-Za-km-z]+\.json$/;

/**
 * @param network of a store that cannot be listed, or that holds sets of several.
 * @param warn is told of every newer set of a store that is not whole.
 * @throws SourceDataError when the set is not whole, or is another than its name says.
 */
export async function chooseSet(
  url: string,
  network: string | undefined,
  warn: (message: string) => void,
): Promise<ChosenSet> {
  const [, named] = MANIFEST_URL.exec(url.includes("/") ? url : `./${url}`) ?? [];
  if (named !== undefined) {
    const { store, name } = splitObjectUrl(url);
    return { store, set: requireWhole(store, await findNamedSet(store, name, named)) };
  }
  await requireFolder(url);
  const store = openStore(url);
  const { sets } = await findSets(store, network ?? (await onlyNetwork(store)));
  const whole = sets.findIndex(({ fault }) => fault === null);
  for (const { name, fault } of sets.slice(0, Math.max(whole, 0))) {
    warn(`passed over set ${name}: ${fault}`);
  }
  const newest = sets[Math.max(whole, 0)];
  if (newest === undefined) {
    throw new SourceDataError(`${store.url} holds no set`, {
      hint: "check the URL and the network; --set also takes the URL of a set's manifest",
    });
  }
  return { store, set: requireWhole(store, newest) };
}

async function onlyNetwork(store: Store): Promise<string> {
  const hint = "give the URL of the set's manifest, or name the network: --network";
  if (!store.isListable) throw new UsageError(`${store.url} cannot be listed`, { hint });
  const [network, another] = await networksWithSets(store);
  if (another !== undefined) {
    throw new UsageError(`${store.url} holds sets of ${network} and ${another}`, { hint });
  }
  if (network === undefined) {
    throw new SourceDataError(`${store.url} holds no set`, {
      hint: "check the URL; --set also takes the URL of a set's manifest",
    });
  }
  return network;
}

function requireWhole(store: Store, set: FoundSet): PublishedSet {
  const { name, manifest, fault } = set;
  if (fault !== null) {
    throw new SourceDataError(`the set ${store.url}/${name} is not whole: ${fault}`, {
      hint: "ask its publisher, or choose another set by the URL of its manifest",
    });
  }
  const { network, height, stateHash } = manifest;
  const own = manifestName(network, {
    height: BigInt(height),
    stateHash: parseStateHash(stateHash),
  });
  if (own === name) return { name, manifest };
  throw new SourceDataError(`the manifest ${store.url}/${name} is that of ${own}`, {
    hint: "it was renamed or altered: ask its publisher",
  });
}
