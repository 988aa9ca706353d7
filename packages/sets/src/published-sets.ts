// Finds published sets. A set exists when its manifest does, and is complete when every file that the
// manifest names is there with its size; the manifest is written last. An incomplete or mixed set
// is skipped, with the reason.

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { readAll, type Store, type StoredObject } from "@forklift/storage";
import pMap from "p-map";
import { readLatest } from "./latest.ts";
import {
  decodeManifest,
  LaterManifestError,
  type Manifest,
  parseManifestName,
  type SetFile,
} from "./manifest.ts";
import { checkedBytes } from "./set-files.ts";

/** A manifest has some 10 kB. */
const MANIFEST_BYTES_MAX = 4 * 1024 * 1024;

/** A bucket takes some 50 ms for each, and a store may hold a hundred. */
const MANIFESTS_AT_ONCE = 8;

export interface PublishedSet {
  readonly name: string;
  readonly manifest: Manifest;
}

/** What lies under the name of a manifest: a complete set, or what is wrong with it. */
export type FoundSet =
  | (PublishedSet & { readonly fault: null })
  | {
      readonly name: string;
      readonly manifest: Manifest | null;
      readonly fault: string;
      /** A later forklift wrote its manifest: nothing is known of it, so that nothing may be done to it. */
      readonly isOfLater: boolean;
    };

export interface PublishedSets {
  /** The complete sets, the greatest height first. */
  complete(): Promise<PublishedSet[]>;
  /**
   * The one of the greatest height whose files hold what its manifest says; null when there is none.
   * A bucket reports the checksums of its objects, the files of a folder are read.
   * @param upTo a height that the set must not stand above.
   */
  newest(upTo?: bigint): Promise<PublishedSet | null>;
  /** The one of that manifest's name, if its files hold what its manifest says. */
  named(name: string): Promise<PublishedSet | null>;
  /**
   * Reads every file of a set to its end, in the order of its manifest.
   * @throws SourceDataError when one does not hold what the manifest says.
   */
  readBack(set: PublishedSet): Promise<readonly { readonly name: string; bytes: number }[]>;
  /** Why sets were passed over so far. */
  faults(): readonly string[];
}

/**
 * A job looks for a set several times; each reason is given to `warn` once. All of it throws ConfigError
 * where a later forklift has published: an older one would not continue its sets, and might write over them.
 */
export function publishedSets(
  store: Store,
  network: string,
  warn: (message: string) => void,
): PublishedSets {
  const faults = new Set<string>();
  /** SHA-256 by name of the files that were read and found to be right. */
  const checked = new Map<string, string>();

  function passOver(name: string, fault: string): void {
    const sentence = `passed over set ${name}: ${fault}`;
    if (faults.has(sentence)) return;
    faults.add(sentence);
    warn(sentence);
  }

  async function find() {
    const { sets, objects } = await findSets(store, network);
    const complete: PublishedSet[] = [];
    for (const set of sets) {
      const { name, manifest, fault } = set;
      if (fault === null) complete.push({ name, manifest });
      else if (set.isOfLater) throw laterSet(store, fault);
      else passOver(name, fault);
    }
    return { complete, objects };
  }

  /** The first whose files hold what its manifest says. */
  async function firstWhole(isWanted: (set: PublishedSet) => boolean) {
    const { complete, objects } = await find();
    for (const set of complete.filter(isWanted)) {
      let fault: string | null = null;
      for (const file of set.manifest.files) {
        if (checked.get(file.name) === file.sha256) continue;
        fault = await contentFault(store, file, objects.get(file.name));
        if (fault !== null) break;
        checked.set(file.name, file.sha256);
      }
      if (fault === null) return set;
      passOver(set.name, fault);
    }
    return null;
  }

  return {
    complete: async () => (await find()).complete,

    newest: (upTo) =>
      firstWhole(({ manifest }) => upTo === undefined || BigInt(manifest.height) <= upTo),

    named: (wanted) => firstWhole(({ name }) => name === wanted),

    async readBack({ manifest }) {
      const read = [];
      for (const file of manifest.files) {
        let bytes = 0;
        for await (const chunk of checkedBytes(store, file)) bytes += chunk.byteLength;
        checked.set(file.name, file.sha256);
        read.push({ name: file.name, bytes });
      }
      return read;
    },

    faults: () => [...faults],
  };
}

function laterSet({ url }: Store, fault: string): ConfigError {
  return new ConfigError(`${url} holds a set of a later forklift: ${fault}`, {
    hint: "use the forklift that wrote it, or a later one, or give another store",
  });
}

/**
 * Every manifest of a network with what is wrong with its set, the greatest height first, and the
 * objects of the store. On the web, which has no listing, the set that the pointer names.
 */
export async function findSets(
  store: Store,
  network: string,
): Promise<{ readonly sets: FoundSet[]; readonly objects: ReadonlyMap<string, StoredObject> }> {
  const objects = new Map<string, StoredObject>();
  if (!store.isListable) {
    const latest = await readLatest(store, network);
    const sets = latest === null ? [] : [await findSet(store, latest.set, { network, objects })];
    return { sets, objects };
  }
  for await (const object of store.list(`${network}-`)) objects.set(object.name, object);
  const manifests = [...objects.keys()]
    .map((name) => ({ name, height: parseManifestName(network, name)?.height ?? null }))
    .filter((named): named is { name: string; height: bigint } => named.height !== null)
    .sort((a, b) => (a.height < b.height ? 1 : -1));
  const find = ({ name }: { readonly name: string }) => findSet(store, name, { network, objects });
  const sets = await pMap(manifests, find, { concurrency: MANIFESTS_AT_ONCE });
  return { sets, objects };
}

/**
 * The set of that manifest in a store of somebody else, or what is wrong with it; also where the store cannot be
 * listed.
 */
export async function findNamedSet(store: Store, name: string, network: string): Promise<FoundSet> {
  const objects = new Map<string, StoredObject>();
  if (store.isListable) {
    for await (const object of store.list(`${network}-`)) objects.set(object.name, object);
  }
  return await findSet(store, name, { network, objects });
}

interface Listing {
  readonly network: string;
  readonly objects: ReadonlyMap<string, StoredObject>;
}

async function findSet(store: Store, name: string, listing: Listing): Promise<FoundSet> {
  try {
    const manifest = await readManifest(store, name);
    const fault = sizeFault(manifest, listing, store.isListable);
    return fault === null ? { name, manifest, fault } : { name, manifest, fault, isOfLater: false };
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    const isOfLater = error instanceof LaterManifestError;
    return { name, manifest: null, fault: error.message, isOfLater };
  }
}

async function readManifest(store: Store, name: string): Promise<Manifest> {
  const body = await store.open(name);
  if (body === null) {
    throw new SourceDataError(`${name} is gone`, {
      hint: "somebody removed it meanwhile: run again, which takes the newest set that is there",
    });
  }
  const text = await readAll(body, MANIFEST_BYTES_MAX);
  return decodeManifest(text.toString("utf8"), name);
}

function sizeFault(
  manifest: Manifest,
  { network, objects }: Listing,
  isListed: boolean,
): string | null {
  if (manifest.network !== network) return `it is of network ${manifest.network}`;
  if (!isListed) return null;
  for (const { name, bytes } of manifest.files) {
    const found = objects.get(name);
    if (found === undefined) return `${name} is missing`;
    if (found.bytes !== BigInt(bytes)) return `${name} has ${found.bytes} bytes, expected ${bytes}`;
  }
  return null;
}

/** Null when the object holds what the manifest says of it, by its checksum or else by its bytes. */
export async function contentFault(
  store: Store,
  file: Pick<SetFile, "name" | "bytes" | "sha256" | "crc32c">,
  listed: StoredObject | undefined,
): Promise<string | null> {
  if (listed?.crc32c !== undefined) {
    if (listed.crc32c === file.crc32c) return null;
    return `${file.name} has crc32c ${listed.crc32c}, its manifest says ${file.crc32c}`;
  }
  try {
    for await (const _chunk of checkedBytes(store, file));
    return null;
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    return error.message;
  }
}
