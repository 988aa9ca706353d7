// Objects behind http(s) URLs: read only, by name, since the web has no folders to list.

import { ConfigError } from "@forklift/pipeline";
import { authorizationOf, defined } from "@forklift/system";
import type { Dispatcher } from "undici";
import { checkObjectName } from "../object-name.ts";
import { readAll } from "../read-all.ts";
import {
  type ByteRange,
  type ObjectBody,
  type Store,
  VERSIONED_BYTES_MAX,
  type Version,
} from "../store.ts";
import { maskUrl, objectUrl, storeText } from "../store-url.ts";
import {
  type HttpClient,
  type HttpLimits,
  type RequestTally,
  sharedClient,
  withRetries,
} from "./http-client.ts";
import { type Download, download } from "./http-download.ts";

export function httpStore(url: URL, client: HttpClient = sharedClient()): Store {
  const tally: RequestTally = { downloads: 0, requests: 0 };
  const dispatcher = withRetries(client, { tally });
  const readOnly = () =>
    new ConfigError(`${maskUrl(url)} can only be read`, {
      hint: "to write, give a folder such as file:///folder",
    });
  async function open(
    name: string,
    { isEncodedTaken = false, ...part }: Partial<OpenPart> = {},
  ): Promise<ObjectBody | null> {
    const object = objectUrl(url, checkObjectName(name));
    tally.downloads++;
    const { limits } = client;
    return await openUrl(object, { client: dispatcher, limits, isEncodedTaken, ...part });
  }

  return {
    url: storeText(url),
    isListable: false,
    list() {
      throw new ConfigError(`${maskUrl(url)} cannot be listed: the web has no folders`, {
        hint: "give the full URL of the object, or a folder such as file:///folder",
      });
    },
    open: (name, range) => open(name, defined({ range })),
    openEncoded: (name) => open(name, { isEncodedTaken: true }),
    openHead: (name, headBytes) => open(name, { headBytes, isEncodedTaken: true }),
    async read(name) {
      const body = await open(name);
      if (body === null) return null;
      // Nobody compares it: nothing can be written here.
      return { version: "", content: await readAll(body, VERSIONED_BYTES_MAX, name) };
    },
    replace: () => Promise.reject(readOnly()),
    compose: () => Promise.reject(readOnly()),
    write: () => Promise.reject(readOnly()),
    remove: () => Promise.reject(readOnly()),
    retries: () => tally.requests - tally.downloads,
  };
}

interface OpenPart {
  readonly range?: ByteRange;
  readonly headBytes?: number;
  readonly isEncodedTaken: boolean;
}

interface OpenOptions extends OpenPart {
  readonly client: Dispatcher;
  readonly limits: HttpLimits;
}

async function openUrl(
  url: URL,
  { isEncodedTaken, ...options }: OpenOptions,
): Promise<ObjectBody | null> {
  const body = await download(url, {
    ...options,
    // Compressed transfer would make Content-Length and Range speak of other bytes than the object's.
    headers: { "accept-encoding": "identity", ...authorizationOf(url) },
    shown: maskUrl(url),
    accessHint: "check the URL and who may read it",
    // Web servers like to call a stored .gz file gzip-encoded; its bytes are then the file's own.
    isAsStored: (encoding) =>
      encoding === "identity" ||
      (/^(x-)?gzip$/.test(encoding) && (isEncodedTaken || /\.t?gz$/.test(url.pathname))),
  });
  if (body === null) return null;
  const { bytes, headers, stream } = body;
  const version = versionIn(headers);
  return { bytes, stream, ...defined({ version }) };
}

/** A weak tag, of content that is as good as the same, is none. */
function versionIn({ etag, "last-modified": written }: Download["headers"]): Version | undefined {
  const isStrong = etag !== undefined && !`${etag}`.startsWith("W/");
  return isStrong ? `${etag}` : written?.toString();
}
