// Objects in a bucket of Google Cloud Storage, below a prefix.

import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { defined, percentDecoded, retry } from "@forklift/system";
import type { File, GetFilesOptions } from "@google-cloud/storage";
import type { Dispatcher } from "undici";
import { type RequestTally, sharedClient } from "../http/http-client.ts";
import { checkObjectName } from "../object-name.ts";
import { isPassing, statusOf } from "../passing-failure.ts";
import { readAll } from "../read-all.ts";
import {
  type StorageClass,
  type Store,
  type StoredObject,
  VERSIONED_BYTES_MAX,
  type Version,
  type WrittenObject,
} from "../store.ts";
import { maskUrl, storeText } from "../store-url.ts";
import { connect, type GcsAccess } from "./gcs-access.ts";
import { type GcsPart, openGcsObject } from "./gcs-download.ts";
import { ACCESS_HINT, gcsError } from "./gcs-error.ts";
import { GCS_LIMITS, type GcsLimits } from "./gcs-limits.ts";
import { type UploadedObject, uploadStream } from "./gcs-upload.ts";

export interface GcsStoreOptions {
  readonly limits?: GcsLimits;
  readonly agent?: Dispatcher;
}

/** What the service reports of an object: these fields are the only ones requested. */
interface ListedObject {
  readonly name: string;
  readonly size: string | number;
  readonly crc32c: string;
  readonly storageClass: StorageClass;
}

const LISTED_FIELDS = "name,size,crc32c,storageClass";

/** The generation of what does not exist, by the rules of the service. */
const NO_GENERATION = "0";

export function gcsStore(url: URL, options: GcsStoreOptions = {}): Store {
  const { limits = GCS_LIMITS, agent = sharedClient().agent } = options;
  const { bucketName, root } = splitGcsUrl(url);
  const shownOf = (name: string) => `gs://${bucketName}/${root}${name}`;
  const tally: RequestTally = { downloads: 0, requests: 0 };
  let connected: Promise<GcsAccess> | undefined;
  const access = () => (connected ??= connect(bucketName, limits));

  async function call<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await retry(work, limits.http, isPassing);
    } catch (error) {
      throw gcsError(error, doing);
    }
  }

  async function* list(prefix = ""): AsyncGenerator<StoredObject> {
    const { bucket } = await access();
    let query: GetFilesOptions | null = {
      prefix: root + prefix,
      autoPaginate: false,
      maxResults: limits.pageObjectsMax,
      fields: `items(${LISTED_FIELDS}),nextPageToken`,
    };
    while (query !== null) {
      const page: GetFilesOptions = query;
      const [files, next] = await call(`list ${shownOf(prefix)}`, () => bucket.getFiles(page));
      // When certain fields are requested, the client returns what the service sent, as it came.
      for (const file of files as unknown as readonly ListedObject[]) {
        // Consoles make empty objects with a slash at the end to show a folder.
        if (!file.name.endsWith("/")) yield storedObject(file);
      }
      query = next as GetFilesOptions | null;
    }
  }

  function storedObject({ name, size, crc32c, storageClass }: ListedObject): StoredObject {
    return { name: name.slice(root.length), bytes: BigInt(size), crc32c, storageClass };
  }

  /** The object that is there now, for a condition on what we do to it. */
  async function generationOf(file: File, doing: string): Promise<string> {
    return await call(doing, async () => {
      try {
        const [{ generation }] = await file.getMetadata();
        return `${generation}`;
      } catch (error) {
        if (statusOf(error) === 404) return NO_GENERATION;
        throw error;
      }
    });
  }

  /** Never another run's object; and done twice, because an answer was lost, it does no harm. */
  async function removeGeneration(file: File, generation: string, doing: string): Promise<void> {
    const conditions = { ifGenerationMatch: generation, ignoreNotFound: true };
    await call(doing, async () => {
      try {
        await file.delete(conditions);
      } catch (error) {
        // The condition does not hold either when our own first attempt removed the object.
        if (statusOf(error) !== 412) throw error;
        if ((await generationOf(file, doing)) !== NO_GENERATION) throw error;
      }
    });
  }

  /** @throws what the service said, in its own words. */
  async function upload(file: File, body: AsyncIterable<Uint8Array>, ifGenerationMatch: string) {
    const { authorization } = await access();
    const contentType = file.name.endsWith(".json")
      ? "application/json"
      : "application/octet-stream";
    const begin = () =>
      file.createResumableUpload({
        metadata: { contentType },
        preconditionOpts: { ifGenerationMatch },
      });
    const [uri] = await retry(begin, limits.http, isPassing);
    return await uploadStream({ uri, agent, limits, authorization }, body);
  }

  async function write(name: string, body: AsyncIterable<Uint8Array>): Promise<WrittenObject> {
    const doing = `write ${shownOf(checkObjectName(name))}`;
    const { bucket } = await writable(access, doing);
    const file = bucket.file(root + name);
    const generation = await generationOf(file, doing);
    try {
      const { digest, uploaded } = await upload(file, body, generation);
      const found = mismatch(digest, uploaded);
      if (found === null) return { name, ...digest };
      await removeGeneration(file, uploaded.generation, doing);
      throw new TryAgainError(`cannot ${doing}: ${found}; the object was removed`, {
        hint: "run again, which uploads it anew",
      });
    } catch (error) {
      throw gcsError(error, doing);
    }
  }

  async function open(name: string, part: Partial<GcsPart> = {}) {
    const path = root + checkObjectName(name);
    return await openGcsObject(await access(), path, {
      agent,
      limits: limits.http,
      tally,
      shown: shownOf(name),
      isEncodedTaken: false,
      ...part,
    });
  }

  async function read(name: string) {
    const body = await open(name);
    if (body === null) return null;
    const content = await readAll(body, VERSIONED_BYTES_MAX, shownOf(name));
    return { version: body.version, content };
  }

  async function replace(name: string, content: Buffer | null, expected: Version | null) {
    const doing = `replace ${shownOf(checkObjectName(name))}`;
    const { bucket } = await writable(access, doing);
    const file = bucket.file(root + name);
    const generation = expected ?? NO_GENERATION;
    try {
      if (content === null) await removeGeneration(file, generation, doing);
      else await upload(file, once(content), generation);
      return true;
    } catch (error) {
      if (!isConflict(error)) throw gcsError(error, doing);
    }
    // An answer may have been lost, and what is there now may be ours.
    const found = await read(name);
    return content === null ? found === null : (found?.content.equals(content) ?? false);
  }

  async function compose(name: string, parts: readonly string[]): Promise<StoredObject> {
    const doing = `compose ${shownOf(checkObjectName(name))}`;
    const { bucket } = await writable(access, doing);
    const file = bucket.file(root + name);
    const ifGenerationMatch = Number(await generationOf(file, doing));
    // The service's own name for bytes; without it the client guesses by the name.
    file.metadata.contentType = "application/octet-stream";
    const sources = parts.map((part) => bucket.file(root + checkObjectName(part)));
    return await call(doing, async () => {
      try {
        await bucket.combine(sources, file, { ifGenerationMatch });
      } catch (error) {
        // An answer was lost, and our first attempt made the object; the caller compares it.
        if (statusOf(error) !== 412) throw error;
      }
      const [metadata] = await file.getMetadata();
      return storedObject({ ...(metadata as unknown as ListedObject), name: root + name });
    });
  }

  return {
    url: storeText(url),
    isListable: true,
    list,
    open: (name, range) => open(name, defined({ range })),
    openEncoded: (name) => open(name, { isEncodedTaken: true }),
    openHead: (name, headBytes) => open(name, { headBytes, isEncodedTaken: true }),
    read,
    replace,
    compose,
    async changeStorageClass(name, storageClass) {
      const doing = `change the storage class of ${shownOf(checkObjectName(name))}`;
      const { bucket } = await writable(access, doing);
      await call(doing, () => bucket.file(root + name).setStorageClass(storageClass));
    },
    write,
    retries: () => tally.requests - tally.downloads,
    async remove(name) {
      const doing = `remove ${shownOf(checkObjectName(name))}`;
      const { bucket } = await writable(access, doing);
      const file = bucket.file(root + name);
      const generation = await generationOf(file, doing);
      if (generation !== NO_GENERATION) await removeGeneration(file, generation, doing);
    },
  };
}

/** @throws ConfigError for anything but a bucket and a prefix. */
function splitGcsUrl(url: URL): { readonly bucketName: string; readonly root: string } {
  const { hostname, host, username, password, search, hash, pathname } = url;
  if (hostname === "" || host !== hostname || username + password + search + hash !== "") {
    throw new ConfigError(`${maskUrl(url)} is not a bucket, expected gs://bucket/prefix/`, {
      hint: "give a bucket and a prefix without user, port and query; credentials come from GOOGLE_APPLICATION_CREDENTIALS",
    });
  }
  const root = percentDecoded(pathname.slice(1));
  return { bucketName: hostname, root: root === "" || root.endsWith("/") ? root : `${root}/` };
}

async function writable(access: () => Promise<GcsAccess>, doing: string): Promise<GcsAccess> {
  const found = await access();
  if (!found.isAnonymous) return found;
  throw new ConfigError(`cannot ${doing}: missing credentials`, { hint: ACCESS_HINT });
}

/** The service's word for a condition that does not hold, in its own error or in ours. */
function isConflict(error: unknown): boolean {
  return statusOf(error) === 412 || (error instanceof Error && statusOf(error.cause) === 412);
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

function mismatch(
  sent: { readonly bytes: bigint; readonly crc32c: string },
  { size, crc32c }: UploadedObject,
): string | null {
  if (`${size}` === `${sent.bytes}` && crc32c === sent.crc32c) return null;
  return `the service has ${size} bytes with crc32c ${crc32c}, expected ${sent.bytes} with ${sent.crc32c}`;
}
