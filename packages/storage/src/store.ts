// The one interface behind which files lie: a local folder, a web server, a bucket.

export interface StoredObject {
  /** Relative to the store, parts separated by "/". */
  readonly name: string;
  readonly bytes: bigint;
}

export interface ObjectBody {
  /** Null when the server does not say; a body that is cut short fails all the same. */
  readonly bytes: bigint | null;
  /** To be read once. Leaving the loop early releases the file or the connection. */
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

export interface Store {
  /** For people: credentials and query strings are masked; no slash at the end. */
  readonly url: string;
  /** Objects whose name begins with the prefix, in the order of their names within a folder. */
  list(prefix?: string): AsyncIterable<StoredObject>;
  /** Null means that there is no such object. Whatever else goes wrong is thrown. */
  open(name: string): Promise<ObjectBody | null>;
  /** Whole or not at all: readers see the former object or the new one, never a part. */
  write(name: string, body: AsyncIterable<Uint8Array>): Promise<WrittenObject>;
  /** Removing what is not there is no error. */
  remove(name: string): Promise<void>;
  /** How often `open` had to ask again since the store was opened. */
  retries(): number;
}
