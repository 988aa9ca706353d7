// Restores a dump straight from its location into an empty database. Nothing is unpacked on disk,
// but for pg_dump's directory and tar formats, whose files pg_restore reads in an order of its own.

import { holdsBlocks, identifySchema, type SchemaKind } from "@forklift/archive";
import { openWorkDirectory } from "@forklift/context";
import { type Check, SourceDataError, type Watch, type WholeResult } from "@forklift/pipeline";
import {
  connectRestorer,
  countRows,
  type DumpArchiveOptions,
  notEmpty,
  type RestoredDump,
  readDumpArchive,
  readRestoredDump,
  refreshStatistics,
  restoreDump,
  type Session,
} from "@forklift/postgres";
import { type Digest, type DigestStream, digestStream, type Store } from "@forklift/storage";

export interface DumpObject {
  readonly store: Store;
  readonly name: string;
  /** The bytes of the object, checked as they pass; default: as the store gives them. */
  readonly bytes?: AsyncIterable<Uint8Array>;
}

export interface RestoredObject {
  readonly result: WholeResult;
  /** Of the bytes as they lie, packed. */
  readonly digest: Digest;
}

/**
 * All of the dump or nothing of it. A database that holds what the same dump gave is done already.
 * @throws SourceDataError when the dump is missing, truncated, corrupt, not SQL, no archive's, or does
 * what an archive has no reason to do.
 * @throws ConfigError when the database holds something else.
 */
export async function restoreObject(
  databaseUrl: string,
  { store, name, bytes }: DumpObject,
  { signal, progress }: Watch,
): Promise<RestoredObject> {
  await using work = await openWorkDirectory();
  await using session = await connectRestorer(databaseUrl);
  const packed = digestStream(bytes ?? bytesOf(store, name));
  const known = await readRestoredDump(session);
  if (known === null) {
    await restoreDump(session, readWhole(packed.stream, { signal, scratchDirectory: work.path }), {
      signal,
      accept: requireArchive,
      digest: () => packed.digest(),
      onProgress: ({ bytes: done }) =>
        progress({ done: BigInt(done), total: null, unit: "bytes of SQL" }),
    });
  } else {
    await requireSame(session, known, packed);
  }
  // A planner without statistics would walk whole tables for every batch.
  await session.endedBy(signal, () => refreshStatistics(session));
  const { tables, leftOut } = (await readRestoredDump(session))!;
  const result = {
    rowCount: tables.reduce((sum, { rows }) => sum + rows, 0),
    leftBehind: Object.fromEntries(leftOut.map(({ kind, count }) => [kind, count])),
  };
  return { result, digest: packed.digest() };
}

/** Asks the database, table by table, whether it holds the rows that the dump brought. */
export async function restoredRows(database: Session): Promise<Check[]> {
  const tables = (await readRestoredDump(database))?.tables ?? [];
  const found = await countRows(database, tables);
  return tables.map(({ name, rows }, at) => ({
    name: `rows of ${name}`,
    expected: String(rows),
    actual: String(found[at]?.rows),
  }));
}

/** A dump that ends well and holds no archive is the dump of something else, or of nothing. */
async function requireArchive(session: Session): Promise<void> {
  const why = whyNoArchive(await identifySchema(session));
  if (why !== null) {
    throw new SourceDataError(`the dump holds no archive that we know: ${why}`, {
      hint: "give the dump of a whole archive database",
    });
  }
  if (await holdsBlocks(session)) return;
  throw new SourceDataError("the dump holds an archive without a block", {
    hint: "give a dump with data, as pg_dump writes it without --schema-only",
  });
}

/** Null for an archive, be it of an older release, which its owner can upgrade. */
function whyNoArchive(schema: SchemaKind): string | null {
  switch (schema.kind) {
    case "empty":
      return "it makes no table";
    case "foreign":
      return schema.why;
    case "half-made":
      return `it lacks ${schema.lacking.join(", ")}`;
    default:
      return null;
  }
}

/** @throws ConfigError unless the database is as the same dump left it. */
async function requireSame(
  session: Session,
  known: RestoredDump,
  packed: DigestStream,
): Promise<void> {
  for await (const _chunk of packed.stream);
  const { sha256 } = packed.digest();
  if (sha256 !== known.sha256) {
    throw notEmpty(
      session,
      `it holds a dump with SHA-256 ${known.sha256}, expected nothing or that with ${sha256}`,
    );
  }
  const changed = (await restoredRows(session)).find(({ expected, actual }) => expected !== actual);
  if (changed === undefined) return;
  const { name, expected, actual } = changed;
  throw notEmpty(
    session,
    `it held this dump and was changed: ${name} ${actual}, expected ${expected}`,
  );
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
async function* readWhole(
  packed: AsyncIterable<Uint8Array>,
  options: DumpArchiveOptions,
): AsyncGenerator<Uint8Array> {
  const iterator = packed[Symbol.asyncIterator]();
  const shared: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }),
  };
  try {
    yield* readDumpArchive(shared, options);
    while ((await iterator.next()).done !== true);
  } finally {
    await iterator.return?.();
  }
}
