// Block files lying one by one in a folder, behind a web server or in a bucket.

import { blockFileName } from "@forklift/chain";
import { openStore, readAll } from "@forklift/storage";
import { BLOCK_FILE_BYTES_MAX, type BlockSource } from "./block-source.ts";

export function folderSource(url: string, network: string): BlockSource {
  const store = openStore(url);
  return {
    url: store.url,
    async find(id) {
      const name = blockFileName({ network, ...id });
      const body = await store.open(name);
      return body === null ? null : readAll(body, BLOCK_FILE_BYTES_MAX, name);
    },
    async [Symbol.asyncDispose]() {},
  };
}
