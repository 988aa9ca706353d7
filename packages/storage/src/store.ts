// The interface of a store of objects: a local folder, a web server, a bucket.

import type { Liveness } from "@forklift/system";

export interface StoredObject {
  /** Relative to the store, parts separated by "/". */
  readonly name: string;
  readonly bytes: bigint;
  /** Base64, as in `WrittenObject`; missing where a store does not know it without reading. */
  readonly crc32c?: string;
  /** As Google Cloud Storage names it; missing where there is no such thing. */
  readonly storageClass?: StorageClass;
}

/** A file that is no object: one that is being written, or the lock of one. */
export interface UnfinishedObject extends StoredObject {
  /** The object that it was to become, or whose lock it is. */
  readonly of: string;
  readonly owner: Liveness;
  /** Since somebody wrote to it; milliseconds. */
  readonly untouchedMs: number;
  /** From which age on nobody can be at work on it; milliseconds. */
  readonly abandonedAfterMs: number;
}

/** The more expensive to keep, the cheaper to read. In the order in which objects grow old. */
export const STORAGE_CLASSES = ["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"] as const;

export type StorageClass = (typeof STORAGE_CLASSES)[number];

/** A part of an object. */
export interface ByteRange {
  readonly start: bigint;
  /** Not included; not beyond the end of the object. */
  readonly end: bigint;
}

/** Which content an object has; only to be compared and given back. */
export type Version = string;

/** A small object as it was at one moment. */
export interface VersionedObject {
  readonly version: Version;
  readonly content: Buffer;
}

export interface ObjectBody {
  /** Null when the server does not say; a truncated body fails all the same. */
  readonly bytes: bigint | null;
  /** Missing where nobody says it. */
  readonly version?: Version;
  /** To be read once, and to be begun: it holds a file or a connection. Leaving the loop early releases the file or the connection. */
  readonly stream: AsyncIterable<Uint8Array>;
}

export interface WrittenObject {
  readonly name: string;
  readonly bytes: bigint;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Base64 of the four big-endian bytes, as Google Cloud Storage prints it. */
  readonly crc32c: string;
}

/** Pointers and leases have some hundred bytes. */
export const VERSIONED_BYTES_MAX = 1024 * 1024;

export interface Store {
  /** For people: credentials and query strings are masked; no slash at the end. */
  readonly url: string;
  /** The web has no folders: there objects are found by their names only. */
  readonly isListable: boolean;
  /** Objects whose name begins with the prefix, in the order of their names within a folder. */
  list(prefix?: string): AsyncIterable<StoredObject>;
  /** Null means that there is no such object. Whatever else goes wrong is thrown. */
  open(name: string, range?: ByteRange): Promise<ObjectBody | null>;
  /**
   * Like `open`, for a reader that knows packed bytes by how they begin: an object that is kept with
   * content-encoding gzip comes packed or, where somebody on the way unpacked it, plain and without its
   * checksum. Missing where `open` does no other.
   */
  openEncoded?(name: string): Promise<ObjectBody | null>;
  /**
   * The object from its beginning, in the form that `openEncoded` gives, for a reader that leaves after so
   * many bytes: of those behind them no more is fetched than cannot be helped.
   */
  openHead(name: string, headBytes: number): Promise<ObjectBody | null>;
  /** A whole object of at most `VERSIONED_BYTES_MAX` bytes, with what `replace` compares. */
  read(name: string): Promise<VersionedObject | null>;
  /**
   * Compare and set: writes the content (null removes) if the object still has the version, null
   * meaning that there is none. Of several at once only one succeeds.
   * @returns false when the object is another by now; nothing was changed then.
   */
  replace(name: string, content: Buffer | null, expected: Version | null): Promise<boolean>;
  /** Whole or not at all: readers see the former object or the new one, never a part. */
  write(name: string, body: AsyncIterable<Uint8Array>): Promise<WrittenObject>;
  /**
   * Makes one object of others, in their order; they stay. The bytes do not pass through us where
   * the store can do it.
   */
  compose(name: string, parts: readonly string[]): Promise<StoredObject>;
  /** Only where objects have a storage class. */
  changeStorageClass?(name: string, storageClass: StorageClass): Promise<void>;
  /**
   * What is being written, or was when its writer was killed, of objects whose name begins with the
   * prefix. Missing where a store shows nothing of it:
   * Google Cloud Storage forgets an upload that was not completed after a week.
   */
  unfinished?(prefix?: string): AsyncIterable<UnfinishedObject>;
  /** Removing what is not there is no error; also of what is unfinished. */
  remove(name: string): Promise<void>;
  /** Retries of `open` since the store was opened. */
  retries(): number;
}
