// Restores a dump straight from where it lies into an empty database: nothing is unpacked on disk.

import { SourceDataError, type Watch } from "@forklift/pipeline";
import { connect, readDumpArchive, restoreDump } from "@forklift/postgres";
import type { Store } from "@forklift/storage";

export interface DumpObject {
  readonly store: Store;
  readonly name: string;
  /** The bytes of the object, checked as they pass; default: as the store gives them. */
  readonly bytes?: AsyncIterable<Uint8Array>;
}

/** @throws SourceDataError when the dump is missing, truncated, corrupt or not SQL. */
export async function restoreObject(
  databaseUrl: string,
  { store, name, bytes }: DumpObject,
  { signal, progress }: Watch,
): Promise<{ readonly rowCount: number }> {
  const packed = bytes ?? bytesOf(store, name);
  await using session = await connect(databaseUrl, { applicationName: "forklift restore" });
  const { copiedRows } = await restoreDump(session, readWhole(packed), {
    signal,
    onProgress: ({ bytes: done }) =>
      progress({ done: BigInt(done), total: null, unit: "bytes of SQL" }),
  });
  // A planner without statistics would walk whole tables for every batch.
  await session.query("analyze");
  return { rowCount: copiedRows };
}

/** Opened when it is begun: a restore that is refused before would hold it open. */
async function* bytesOf(store: Store, name: string): AsyncGenerator<Uint8Array> {
  const body = await store.open(name);
  if (body === null) {
    throw new SourceDataError(`there is no dump ${store.url}/${name}`, {
      hint: "check the URL, and that the dump has been written",
    });
  }
  yield* body.stream;
}

/**
 * The SQL of a dump, ending only after the last byte of the packed object was read: a digest over
 * those bytes is then checked before the restore commits.
 */
async function* readWhole(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = packed[Symbol.asyncIterator]();
  const shared: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }),
  };
  try {
    yield* readDumpArchive(shared);
    while ((await iterator.next()).done !== true);
  } finally {
    await iterator.return?.();
  }
}
