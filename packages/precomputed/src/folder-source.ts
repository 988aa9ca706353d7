// Block files lying one by one in a folder, behind a web server or in a bucket.

import { setTimeout as delay } from "node:timers/promises";
import { blockFileName } from "@forklift/chain";
import { openStore, parseStoreUrl, readAll, TruncatedError } from "@forklift/storage";
import { BLOCK_FILE_BYTES_MAX, type BlockSource } from "./block-source.ts";

/**
 * Pauses before a file that came cut is fetched from its beginning again. What storage continues by
 * itself was continued in vain by then: most often the server cannot send a part.
 */
const PAUSES_AFTER_CUT_MS = [100, 400];

export function folderSource(url: string, network: string): BlockSource {
  const store = openStore(url);
  let retries = 0;

  async function read(name: string, cuts: number): Promise<Uint8Array | null> {
    try {
      const body = await store.open(name);
      return body === null ? null : await readAll(body, BLOCK_FILE_BYTES_MAX, name);
    } catch (error) {
      const pauseMs = PAUSES_AFTER_CUT_MS[cuts];
      if (!(error instanceof TruncatedError) || pauseMs === undefined) throw error;
      await delay(pauseMs);
    }
    retries++;
    return await read(name, cuts + 1);
  }

  return {
    url: store.url,
    isRemote: parseStoreUrl(url).protocol !== "file:",
    find: (id) => read(blockFileName({ network, ...id }), 0),
    retries: () => retries + store.retries(),
    async [Symbol.asyncDispose]() {},
  };
}
