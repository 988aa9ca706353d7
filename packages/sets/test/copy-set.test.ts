// The copy of one set: it closes what it opens, and reports the first error.

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TryAgainError } from "@forklift/pipeline";
import { openStore, type Store } from "@forklift/storage";
import { NETWORK, one, testStores, writeSet } from "@forklift/testkit";
import { expect, test } from "vitest";
import { copySet, inParallel } from "../src/copy-set.ts";
import { readContents } from "../src/store-contents.ts";

/** A dump of four parts. */
const LIMITS = { partBytesMin: 256 * 1024, partsMax: 32 };
const DUMP_BYTES = 900 * 1024;

const { folder } = testStores();

test("parts of another network's copy, which has a lease of its own, are no leftovers", async () => {
  const store = folder();
  for (const network of [NETWORK, "another"]) {
    await store.write(`.forklift-copy/${network}/00/100/000`, one(Buffer.from("part")));
  }
  const { leftovers } = await readContents(store, NETWORK);
  expect(leftovers.map(({ name }) => name)).toEqual([`.forklift-copy/${NETWORK}/00/100/000`]);
});

test("a part that cannot be written leaves nothing of the source open", async () => {
  const open = new Set<ServerResponse>();
  const server = createServer((_request, response) => {
    open.add(response.on("close", () => open.delete(response)));
    const bytes = LIMITS.partBytesMin;
    response.writeHead(206, {
      "content-range": `bytes 0-${bytes - 1}/${DUMP_BYTES}`,
      "content-length": bytes,
    });
    response.write(Buffer.alloc(bytes / 2));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const from = openStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const set = await writeSet(folder(), { height: 20, dumpBytes: DUMP_BYTES });
  const dump = set.manifest.files[0]!;
  const full: Store = {
    ...folder(),
    write: () => Promise.reject(new TryAgainError("the disk is full", { hint: "run again" })),
  };
  const copying = copySet(
    { ...set, manifest: { ...set.manifest, files: [dump] } },
    {
      ...{
        network: NETWORK,
        from,
        to: full,
        jobs: 1,
        limits: LIMITS,
        signal: new AbortController().signal,
      },
      confirm: async () => undefined,
      onBytes: () => undefined,
    },
  );
  await expect(copying).rejects.toThrow("the disk is full");
  await expect.poll(() => open.size).toBe(0);
  server.closeAllConnections();
});

test("the first failure stops what has not begun, and is the one that is told", async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    if (item === 2) throw new Error("two");
  };
  await expect(inParallel(2, [1, 2, 3, 4, 5, 6], work)).rejects.toThrow("two");
  expect(begun.length).toBeLessThan(6);
});
