// Finds published sets. A set exists when its manifest does, and is complete when every file that the
// manifest names is there with its size; the manifest is written last.

import { SourceDataError } from "@forklift/pipeline";
import { readAll, type Store } from "@forklift/storage";
import { decodeManifest, type Manifest, parseManifestName } from "./manifest.ts";

/** A manifest has some 10 kB. */
const MANIFEST_BYTES_MAX = 4 * 1024 * 1024;

export interface PublishedSet {
  readonly name: string;
  readonly manifest: Manifest;
}

/** The complete set of the greatest height, null when the store holds none. */
export async function newestSet(
  store: Store,
  network: string,
  warn: (message: string) => void,
): Promise<PublishedSet | null> {
  return (await publishedSets(store, network, warn))[0] ?? null;
}

/**
 * The complete sets, the greatest height first. A torn or mixed set is passed over, with the reason
 * given to `warn`.
 */
export async function publishedSets(
  store: Store,
  network: string,
  warn: (message: string) => void,
): Promise<PublishedSet[]> {
  const sizes = new Map<string, bigint>();
  for await (const { name, bytes } of store.list(`${network}-`)) sizes.set(name, bytes);
  const manifests = [...sizes.keys()]
    .map((name) => ({ name, height: parseManifestName(network, name)?.height ?? null }))
    .filter((named): named is { name: string; height: bigint } => named.height !== null)
    .sort((a, b) => (a.height < b.height ? 1 : -1));

  const sets: PublishedSet[] = [];
  for (const { name } of manifests) {
    try {
      const manifest = await readManifest(store, name);
      const fault = faultOf(manifest, { network, sizes });
      if (fault === null) sets.push({ name, manifest });
      else warn(`passed over set ${name}: ${fault}`);
    } catch (error) {
      if (!(error instanceof SourceDataError)) throw error;
      warn(`passed over set ${name}: ${error.message}`);
    }
  }
  return sets;
}

async function readManifest(store: Store, name: string): Promise<Manifest> {
  const body = await store.open(name);
  if (body === null) throw new SourceDataError(`${name} is gone`);
  const text = await readAll(body, MANIFEST_BYTES_MAX);
  return decodeManifest(text.toString("utf8"), name);
}

function faultOf(
  manifest: Manifest,
  { network, sizes }: { readonly network: string; readonly sizes: ReadonlyMap<string, bigint> },
): string | null {
  if (manifest.network !== network) return `it is of network ${manifest.network}`;
  for (const { name, bytes } of manifest.files) {
    const found = sizes.get(name);
    if (found === undefined) return `${name} is missing`;
    if (found !== BigInt(bytes)) return `${name} has ${found} bytes, expected ${bytes}`;
  }
  return null;
}
