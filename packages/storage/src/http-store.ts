// Objects behind http(s) URLs: read only, by name, since the web has no folders to list.

import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { type Dispatcher, request } from "undici";
import { errorCode } from "./file-error.ts";
import { HTTP_LIMITS, httpClient } from "./http-client.ts";
import { checkObjectName } from "./object-name.ts";
import type { ObjectBody, Store } from "./store.ts";
import { maskUrl, objectUrl } from "./store-url.ts";

/** One pool of connections for all stores; it holds no socket until it is used. */
const sharedClient = httpClient(HTTP_LIMITS);

export function httpStore(url: URL, client: Dispatcher = sharedClient): Store {
  const readOnly = () =>
    new ConfigError(`${maskUrl(url)} can only be read`, {
      hint: "to write, give a folder such as file:///folder",
    });
  return {
    url: maskUrl(url),
    list() {
      throw new ConfigError(`${maskUrl(url)} cannot be listed: the web has no folders`, {
        hint: "give the full URL of the object, or a folder such as file:///folder",
      });
    },
    open: async (name) => openUrl(objectUrl(url, checkObjectName(name)), client),
    write: () => Promise.reject(readOnly()),
    remove: () => Promise.reject(readOnly()),
  };
}

async function openUrl(url: URL, client: Dispatcher): Promise<ObjectBody | null> {
  const response = await get(url, client);
  if (response.statusCode === 200) {
    const bytes = lengthOf(url, response);
    return { bytes, stream: bodyOf(url, response, bytes) };
  }
  // An unread body would hold its connection.
  await response.body.dump();
  return refuse(url, response.statusCode);
}

async function get(url: URL, client: Dispatcher): Promise<Dispatcher.ResponseData> {
  const { origin, pathname, search, username, password } = url;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  // Compressed transfer would make Content-Length and Range speak of other bytes than the object's.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (user !== ":") headers["authorization"] = `Basic ${Buffer.from(user).toString("base64")}`;
  try {
    return await request(`${origin}${pathname}${search}`, { dispatcher: client, headers });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

function refuse(url: URL, status: number): null {
  if (status === 404 || status === 410) return null;
  const message = `${maskUrl(url)} answered ${status}, expected 200`;
  if (status === 401 || status === 403) {
    throw new ConfigError(message, { hint: "check the URL and who may read it" });
  }
  if (status >= 500) throw new TryAgainError(message);
  throw new SourceDataError(message, { hint: "open the URL in a browser and see what it is" });
}

/**
 * Content-Length, or null for a chunked body, whose end is marked.
 * @throws SourceDataError when the body is not the object as stored, or could be cut unnoticed.
 */
function lengthOf(url: URL, { headers }: Dispatcher.ResponseData): bigint | null {
  const encoding = headers["content-encoding"] ?? "identity";
  // Web servers like to call a stored .gz file gzip-encoded; its bytes are then the file's own.
  const isOwnGzip = /^(x-)?gzip$/.test(`${encoding}`) && /\.t?gz$/.test(url.pathname);
  if (encoding !== "identity" && !isOwnGzip) {
    throw new SourceDataError(
      `${maskUrl(url)} came with content-encoding ${encoding}, expected the bytes as stored`,
      { hint: "let the server send the file without compressing it" },
    );
  }
  const length = headers["content-length"];
  if (typeof length === "string") return BigInt(length);
  if (`${headers["transfer-encoding"]}`.includes("chunked")) return null;
  throw new SourceDataError(
    `${maskUrl(url)} came without a length: a cut body could not be told from a whole one`,
    { hint: "let the server send Content-Length" },
  );
}

async function* bodyOf(
  url: URL,
  { body }: Dispatcher.ResponseData,
  bytes: bigint | null,
): AsyncGenerator<Uint8Array> {
  let received = 0n;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      received += BigInt(chunk.byteLength);
      yield chunk;
    }
  } catch (cause) {
    const of = bytes === null ? "" : ` of ${bytes}`;
    throw new TryAgainError(`${maskUrl(url)} broke off after ${received}${of} bytes`, { cause });
  }
  // Each answer is checked by the HTTP parser. This checks what several answers were joined to.
  if (bytes !== null && received !== bytes) {
    throw new TryAgainError(`${maskUrl(url)} sent ${received} bytes, announced ${bytes}`);
  }
}

function unreachable(url: URL, cause: unknown): TryAgainError {
  const status = cause instanceof Error && "statusCode" in cause ? cause.statusCode : undefined;
  const found = status === undefined ? (errorCode(cause) ?? String(cause)) : `answered ${status}`;
  return new TryAgainError(`${maskUrl(url)} could not be read: ${found}`, {
    cause,
    hint: "it was tried several times; check that the server is up and that we may reach it",
  });
}
