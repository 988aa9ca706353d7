// From a URL to what lies there. A further kind of store is one more line in `STORES`.

import { ConfigError, percentDecoded, SourceDataError } from "@forklift/pipeline";
import { fileStore } from "./file-store.ts";
import { gcsStore } from "./gcs-store.ts";
import { httpStore } from "./http-store.ts";
import type { ObjectBody, Store } from "./store.ts";
import { maskUrl, parseStoreUrl } from "./store-url.ts";

const STORES: Readonly<Record<string, (url: URL) => Store>> = {
  "file:": fileStore,
  "gs:": gcsStore,
  "http:": httpStore,
  "https:": httpStore,
};

/**
 * The store at a folder or prefix.
 * @throws ConfigError for a scheme that we do not know.
 */
export function openStore(url: string): Store {
  return storeAt(parseStoreUrl(url));
}

/** The store and the name behind the URL of a single object. */
export function splitObjectUrl(url: string): { readonly store: Store; readonly name: string } {
  const folder = parseStoreUrl(url);
  const slash = folder.pathname.lastIndexOf("/");
  const name = folder.pathname.slice(slash + 1);
  if (name === "") {
    throw new ConfigError(`${maskUrl(folder)} is a folder, expected the URL of one object`);
  }
  folder.pathname = folder.pathname.slice(0, slash + 1);
  return { store: storeAt(folder), name: percentDecoded(name) };
}

/** @throws SourceDataError when there is no such object. */
export async function openObject(url: string): Promise<ObjectBody> {
  const { store, name } = splitObjectUrl(url);
  const body = await store.open(name);
  if (body !== null) return body;
  throw new SourceDataError(`there is no ${maskUrl(parseStoreUrl(url))}`, {
    hint: "check the URL, and that the object has been written",
  });
}

function storeAt(url: URL): Store {
  const open = STORES[url.protocol];
  if (open !== undefined) return open(url);
  const known = Object.keys(STORES).map((scheme) => `${scheme}//`);
  throw new ConfigError(
    `${maskUrl(url)} has scheme ${url.protocol}//, expected one of ${known.join(", ")}`,
  );
}
