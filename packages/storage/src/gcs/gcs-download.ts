// Downloads from Google Cloud Storage: one generation of an object, with its checksum. Not through
// the official client, which waits for ever for the rest of a truncated body, ends the process on
// Node 24 when a download is answered 503, and takes twenty times the work for a small object.

import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { defined } from "@forklift/system";
import type { Dispatcher } from "undici";
import { Crc32c } from "../crc32c.ts";
import { type HttpClient, type RequestTally, withRetries } from "../http/http-client.ts";
import { type Download, download } from "../http/http-download.ts";
import type { ByteRange, ObjectBody, Version } from "../store.ts";
import type { GcsAccess } from "./gcs-access.ts";
import { ACCESS_HINT, ruleError } from "./gcs-error.ts";

/** What is wanted of an object. Default: all of it, and then its checksum is compared. */
export interface GcsPart {
  readonly range?: ByteRange;
  /** The first bytes, as far as there are so many. */
  readonly headBytes?: number;
  /** Whether it may come unpacked that is kept packed. */
  readonly isEncodedTaken: boolean;
}

export interface GcsDownloadOptions extends HttpClient, GcsPart {
  readonly tally: RequestTally;
  /** The object's name in messages. */
  readonly shown: string;
}

export interface GcsBody extends ObjectBody {
  /** The generation. */
  readonly version: Version;
}

/** Null when there is no such object. */
export async function openGcsObject(
  { apiUrl, authorization }: GcsAccess,
  path: string,
  { agent, limits, tally, shown, range, headBytes, isEncodedTaken }: GcsDownloadOptions,
): Promise<GcsBody | null> {
  const access = await authorization();
  tally.downloads++;
  const found = await download(new URL(`${apiUrl}/o/${encodeURIComponent(path)}?alt=media`), {
    client: withRetries({ agent, limits }, { tally, innermost: [pinGeneration()] }),
    limits,
    // Who does not take gzip is sent gzipped objects unpacked, in bytes that no checksum is of.
    headers: { ...access, "accept-encoding": "gzip" },
    shown,
    ...defined({ range, headBytes }),
    accessHint: ACCESS_HINT,
    explain: (status, said) =>
      status === 400 || status === 403 ? ruleError(said, `read ${shown}`) : null,
    isAsStored: (encoding, headers) =>
      encoding === storedEncoding(headers) || (isEncodedTaken && encoding === "identity"),
  });
  if (found === null) return null;
  const { bytes, headers } = found;
  const isAsStored = `${headers["content-encoding"] ?? "identity"}` === storedEncoding(headers);
  // The checksum is of the bytes that are kept.
  const isChecked = range === undefined && headBytes === undefined && isAsStored;
  const stream = isChecked ? checkedStream(found, shown) : found.stream;
  return { bytes, version: `${headers["x-goog-generation"]}`, stream };
}

function storedEncoding(headers: Download["headers"]): string {
  return `${headers["x-goog-stored-content-encoding"] ?? "identity"}`;
}

/** Whatever continues the body requests the generation that began it. */
function pinGeneration(): Dispatcher.DispatcherComposeInterceptor {
  let generation: string | undefined;
  return (dispatch) => (options, handler) => {
    const isPinned = generation !== undefined;
    const path = isPinned ? `${options.path}&generation=${generation}` : options.path;
    return dispatch(
      { ...options, path },
      {
        onRequestStart: (...args) => handler.onRequestStart?.(...args),
        onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
        onResponseStart(controller, status, headers, statusText) {
          generation ??= headers["x-goog-generation"]?.toString();
          handler.onResponseStart?.(controller, status, headers, statusText);
        },
        onResponseData: (...args) => handler.onResponseData?.(...args),
        onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
        onResponseError: (...args) => handler.onResponseError?.(...args),
      },
    );
  };
}

/** @throws SourceDataError at once when there is no checksum to compare with. */
function checkedStream(found: Download, shown: string): AsyncGenerator<Uint8Array> {
  // Several checksums come in one header or in several of the same name.
  const expected = /crc32c=([^,\s]+)/.exec(`${found.headers["x-goog-hash"]}`)?.[1];
  if (expected !== undefined) return compared(found.stream, expected, shown);
  found.release();
  throw new SourceDataError(`${shown} came without a crc32c, expected one in x-goog-hash`, {
    hint: "see whether a proxy strips the headers; else download the object and give it as a file",
  });
}

async function* compared(
  stream: AsyncIterable<Uint8Array>,
  expected: string,
  shown: string,
): AsyncGenerator<Uint8Array> {
  const crc32c = new Crc32c();
  for await (const chunk of stream) {
    crc32c.update(chunk);
    yield chunk;
  }
  const found = crc32c.digest();
  if (found !== expected) {
    throw new TryAgainError(`${shown} came with crc32c ${found}, expected ${expected}`, {
      hint: "run again; if it happens again, the object or the way to it is damaged",
    });
  }
}
