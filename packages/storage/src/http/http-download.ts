// Downloads one object over HTTP: its length comes first, and a truncated body is an error.

import {
  ConfigError,
  type ForkliftError,
  SourceDataError,
  TryAgainError,
} from "@forklift/pipeline";
import { errorCode, type TlsFault, tlsFaultOf } from "@forklift/system";
import { type Dispatcher, request } from "undici";
import type { ByteRange, ObjectBody } from "../store.ts";
import { TruncatedError } from "../truncated-error.ts";
import type { HttpLimits } from "./http-client.ts";
import { atLowestRate } from "./lowest-rate.ts";

export interface DownloadOptions {
  /** Tries again and continues a truncated body. */
  readonly client: Dispatcher;
  readonly limits: HttpLimits;
  readonly headers: Readonly<Record<string, string>>;
  /** Default: all of the object. */
  readonly range?: ByteRange;
  /** Instead of a range: the first bytes, as far as there are so many. A server may send all of them. */
  readonly headBytes?: number;
  /** The object's name in messages, without secrets. */
  readonly shown: string;
  /** What to do when we are not let in. */
  readonly accessHint: string;
  /** The error for an answer by what the service says about it; null for what is known by its status. */
  explain?(status: number, said: string): ForkliftError | null;
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
  if (isExpected(response.statusCode, options)) {
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
  const said = await beginningOf(response);
  return refuse(response.statusCode, said, options);
}

/** What a server says about a refusal is short, and comes at once or is not worth the time. */
const SAID_BYTES_MAX = 4096;
const SAID_TIMEOUT_MS = 2_000;

async function beginningOf(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const late = setTimeout(() => releaseBody(response), SAID_TIMEOUT_MS);
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= SAID_BYTES_MAX) break;
    }
  } catch {
    // The status says enough.
  } finally {
    clearTimeout(late);
    // An unread body would hold its connection.
    releaseBody(response);
  }
  return Buffer.concat(chunks).subarray(0, SAID_BYTES_MAX).toString("utf8");
}

async function get(
  { origin, pathname, search }: URL,
  { client, limits, headers, range, headBytes, shown }: DownloadOptions,
): Promise<Dispatcher.ResponseData> {
  const asked = headBytes === undefined ? range : { start: 0n, end: BigInt(headBytes) };
  // The last byte of a header's range is included.
  const part = asked === undefined ? {} : { range: `bytes=${asked.start}-${asked.end - 1n}` };
  try {
    return await request(`${origin}${pathname}${search}`, {
      dispatcher: client,
      headers: { ...headers, ...part },
      // Once more, for connections that a proxy makes.
      headersTimeout: limits.headersTimeoutMs,
      bodyTimeout: limits.bodyTimeoutMs,
    });
  } catch (cause) {
    throw unreachable(shown, cause);
  }
}

function expectedStatus({ range, headBytes }: DownloadOptions): number {
  return range === undefined && headBytes === undefined ? 200 : 206;
}

/** A server without ranges sends the whole object, whose beginning is as good. */
function isExpected(status: number, options: DownloadOptions): boolean {
  const isWholeEnough = options.headBytes !== undefined && status === 200;
  return isWholeEnough || status === expectedStatus(options);
}

/** @throws SourceDataError when the server sent another part than the requested one. */
function requireRange(bytes: bigint | null, { range, shown }: DownloadOptions): void {
  if (range === undefined || bytes === range.end - range.start) return;
  throw new SourceDataError(
    `${shown} sent ${bytes ?? "an unknown number of"} bytes, asked for ${range.start} to ${range.end}`,
    { hint: "the server does not serve parts: download the file and give its path" },
  );
}

function refuse(status: number, said: string, options: DownloadOptions): null {
  const { shown, accessHint } = options;
  const explained = options.explain?.(status, said) ?? null;
  if (explained !== null) throw explained;
  if (status === 404 || status === 410) return null;
  const message = `${shown} answered ${status}, expected ${expectedStatus(options)}`;
  if (status === 401 || status === 403) throw new ConfigError(message, { hint: accessHint });
  if (status === 407) throw new ConfigError(message, { hint: PROXY_HINT });
  if (status >= 500) {
    throw new TryAgainError(message, {
      hint: "the server is at fault: wait until it is up again, then run the same command again",
    });
  }
  throw new SourceDataError(message, { hint: "open the URL in a browser and see what it is" });
}

/**
 * Content-Length, or null for a chunked body, whose end is marked.
 * @throws SourceDataError when the body is not the object as stored, or could be truncated
 * unnoticed.
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
  { shown, limits }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  let received = 0n;
  try {
    for await (const chunk of atLowestRate(body as AsyncIterable<Uint8Array>, limits, shown)) {
      received += BigInt(chunk.byteLength);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof TryAgainError) throw cause;
    const of = bytes === null ? "" : ` of ${bytes}`;
    throw new TruncatedError(`${shown} broke off after ${received}${of} bytes`, {
      cause,
      hint: TRUNCATED_HINT,
    });
  }
  // Each answer is checked by the HTTP parser. This checks what several answers were joined to.
  if (bytes !== null && received !== bytes) {
    throw new TruncatedError(`${shown} sent ${received} bytes, announced ${bytes}`, {
      hint: TRUNCATED_HINT,
    });
  }
}

const TRUNCATED_HINT =
  "run the same command again; if it breaks off again, download the file by another way and give its path";

/** Not read to its end, which may be gigabytes away. */
function releaseBody({ body }: Dispatcher.ResponseData): void {
  // It calls being destroyed an error, which nobody else listens for.
  body.on("error", () => undefined).destroy();
}

const PROXY_HINT = "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY, with the proxy's user and password";

const TLS_HINTS: Readonly<Record<TlsFault, string>> = {
  "unknown authority":
    "set NODE_EXTRA_CA_CERTS to a file with the certificate of the authority that signed the server's",
  "other name": "give a URL with a name that the server's certificate is of",
  "not valid now": "have the server's certificate renewed, or set the clock of this machine",
  "no agreement": "check that scheme and port of the URL are the server's",
};

function unreachable(shown: string, cause: unknown): ForkliftError {
  const fault = tlsFaultOf(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  if (fault !== null) {
    return new ConfigError(`TLS with ${shown}: ${said}`, { cause, hint: TLS_HINTS[fault] });
  }
  // What the library says of a proxy that makes no tunnel.
  if (/Proxy response|Proxy Authentication/.test(said)) {
    return new ConfigError(`${shown} could not be read: ${said}`, { cause, hint: PROXY_HINT });
  }
  const status = cause instanceof Error && "statusCode" in cause ? cause.statusCode : undefined;
  const found = status === undefined ? (errorCode(cause) ?? said) : `answered ${status}`;
  return new TryAgainError(`${shown} could not be read: ${found}`, {
    cause,
    hint: "it was tried several times; check that the server is up and that we may reach it",
  });
}
