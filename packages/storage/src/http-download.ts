// One object over HTTP: its length before its bytes, and no end that is not the object's end.

import { ConfigError, errorCode, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { type Dispatcher, request } from "undici";
import type { ByteRange, ObjectBody } from "./store.ts";
import { TruncatedError } from "./truncated-error.ts";

export interface DownloadOptions {
  /** Tries again and continues what is cut. */
  readonly client: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
  /** Default: all of the object. */
  readonly range?: ByteRange;
  /** The object's name in messages, without secrets. */
  readonly shown: string;
  /** What to do when we are not let in. */
  readonly accessHint: string;
  /** Whether the bytes sent in this content-encoding are those that were stored. */
  isAsStored(encoding: string, headers: Dispatcher.ResponseData["headers"]): boolean;
}

export interface Download extends ObjectBody {
  /** Of the first answer, when the body had to be continued by others. */
  readonly headers: Dispatcher.ResponseData["headers"];
  /** Instead of reading the stream. */
  release(): void;
}

/** Null when there is no such object. */
export async function download(url: URL, options: DownloadOptions): Promise<Download | null> {
  const response = await get(url, options);
  if (response.statusCode === expectedStatus(options)) {
    const { headers } = response;
    const release = () => releaseBody(response);
    try {
      const bytes = lengthOf(response, options);
      requireRange(bytes, options);
      return { bytes, headers, stream: bodyOf(response, bytes, options), release };
    } catch (error) {
      release();
      throw error;
    }
  }
  // An unread body would hold its connection.
  await response.body.dump();
  return refuse(response.statusCode, options);
}

async function get(
  { origin, pathname, search }: URL,
  { client, headers, range, shown }: DownloadOptions,
): Promise<Dispatcher.ResponseData> {
  // The last byte of a header's range is included.
  const part = range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1n}` };
  try {
    return await request(`${origin}${pathname}${search}`, {
      dispatcher: client,
      headers: { ...headers, ...part },
    });
  } catch (cause) {
    throw unreachable(shown, cause);
  }
}

function expectedStatus({ range }: DownloadOptions): number {
  return range === undefined ? 200 : 206;
}

/** @throws SourceDataError when the server sent another part than the one that was asked for. */
function requireRange(bytes: bigint | null, { range, shown }: DownloadOptions): void {
  if (range === undefined || bytes === range.end - range.start) return;
  throw new SourceDataError(
    `${shown} sent ${bytes ?? "an unknown number of"} bytes, asked for ${range.start} to ${range.end}`,
  );
}

function refuse(status: number, options: DownloadOptions): null {
  const { shown, accessHint } = options;
  if (status === 404 || status === 410) return null;
  const message = `${shown} answered ${status}, expected ${expectedStatus(options)}`;
  if (status === 401 || status === 403) throw new ConfigError(message, { hint: accessHint });
  if (status >= 500) throw new TryAgainError(message);
  throw new SourceDataError(message, { hint: "open the URL in a browser and see what it is" });
}

/**
 * Content-Length, or null for a chunked body, whose end is marked.
 * @throws SourceDataError when the body is not the object as stored, or could be cut unnoticed.
 */
function lengthOf(
  { headers }: Dispatcher.ResponseData,
  { shown, isAsStored }: DownloadOptions,
): bigint | null {
  const encoding = `${headers["content-encoding"] ?? "identity"}`;
  if (!isAsStored(encoding, headers)) {
    throw new SourceDataError(
      `${shown} came with content-encoding ${encoding}, expected the bytes as stored`,
      { hint: "let the server send the file without compressing it" },
    );
  }
  const length = headers["content-length"];
  if (typeof length === "string") return BigInt(length);
  if (`${headers["transfer-encoding"]}`.includes("chunked")) return null;
  throw new SourceDataError(
    `${shown} came without a length: a cut body could not be told from a whole one`,
    { hint: "let the server send Content-Length" },
  );
}

async function* bodyOf(
  { body }: Dispatcher.ResponseData,
  bytes: bigint | null,
  { shown }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  let received = 0n;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      received += BigInt(chunk.byteLength);
      yield chunk;
    }
  } catch (cause) {
    const of = bytes === null ? "" : ` of ${bytes}`;
    throw new TruncatedError(`${shown} broke off after ${received}${of} bytes`, { cause });
  }
  // Each answer is checked by the HTTP parser. This checks what several answers were joined to.
  if (bytes !== null && received !== bytes) {
    throw new TruncatedError(`${shown} sent ${received} bytes, announced ${bytes}`);
  }
}

/** Not read to its end, which may be gigabytes away. */
function releaseBody({ body }: Dispatcher.ResponseData): void {
  // It calls being destroyed an error, which nobody else listens for.
  body.on("error", () => undefined).destroy();
}

function unreachable(shown: string, cause: unknown): TryAgainError {
  const status = cause instanceof Error && "statusCode" in cause ? cause.statusCode : undefined;
  const found = status === undefined ? (errorCode(cause) ?? String(cause)) : `answered ${status}`;
  return new TryAgainError(`${shown} could not be read: ${found}`, {
    cause,
    hint: "it was tried several times; check that the server is up and that we may reach it",
  });
}
