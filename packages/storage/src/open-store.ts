// Opens the store that a URL names. A further kind of store is one more line in `STORES`, and its scheme.

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { percentDecoded } from "@forklift/system";
import { fileStore } from "./file/file-store.ts";
import { gcsStore } from "./gcs/gcs-store.ts";
import { httpStore } from "./http/http-store.ts";
import type { ObjectBody, Store } from "./store.ts";
import { maskUrl, parseStoreUrl, type STORE_SCHEMES } from "./store-url.ts";

const STORES: Readonly<Record<(typeof STORE_SCHEMES)[number], (url: URL) => Store>> = {
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
    throw new ConfigError(`${maskUrl(folder)} is a folder, expected the URL of one object`, {
      hint: "add the name of the file behind the last slash",
    });
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
  // `parseStoreUrl` takes no other.
  return STORES[url.protocol as keyof typeof STORES](url);
}
