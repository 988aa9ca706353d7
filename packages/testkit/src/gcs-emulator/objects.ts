// Reading, listing and removing objects.

import type { BucketFiles, StoredResource } from "./bucket-files.ts";
import { type Exchange, sendEmpty, sendFile, sendJson } from "./exchange.ts";
import { findAction } from "./faults.ts";
import { checkPreconditions, readPreconditions } from "./preconditions.ts";
import { Refusal } from "./refusal.ts";

/** The real service's own bound, and its default. */
const LIST_RESULTS_MAX = 1000;

export interface ObjectPlace {
  readonly bucket: string;
  readonly name: string;
}

/** The object as the API describes it. */
export function printResource(bucket: string, found: StoredResource): object {
  const { name, generation, timeCreated, size, ...rest } = found;
  return {
    kind: "storage#object",
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation: `${generation}`,
    metageneration: "1",
    storageClass: "STANDARD",
    size: `${size}`,
    timeCreated,
    updated: timeCreated,
    etag: etagOf(found),
    ...rest,
  };
}

function etagOf({ generation }: StoredResource): string {
  return Buffer.from(`${generation}/1`).toString("base64");
}

export async function readObject(
  files: BucketFiles,
  { bucket, name }: ObjectPlace,
  exchange: Exchange,
): Promise<void> {
  const { query } = exchange;
  const found = await files.find(bucket, name);
  const wanted = query.get("generation") ?? `${found?.generation}`;
  if (found === null || wanted !== `${found.generation}`) {
    throw new Refusal(404, `No such object: ${bucket}/${name}`);
  }
  checkPreconditions(readPreconditions(query), found);
  if (query.get("alt") === "media") await sendMedia(files, { bucket, name }, found, exchange);
  else sendJson(exchange, 200, printResource(bucket, found));
}

async function sendMedia(
  files: BucketFiles,
  { bucket, name }: ObjectPlace,
  found: StoredResource,
  exchange: Exchange,
): Promise<void> {
  const { request, response } = exchange;
  const etag = `"${etagOf(found)}"`;
  if ((request.headers["if-match"] ?? etag) !== etag) throw new Refusal(412, "Precondition Failed");
  const range = rangeOf(request.headers.range, found.size);
  const { start = 0, end = found.size } = range ?? {};
  const encoding = found.contentEncoding;
  response.writeHead(range === null ? 200 : 206, {
    "content-type": found.contentType,
    "content-length": end - start,
    "accept-ranges": "bytes",
    etag,
    "x-goog-generation": found.generation,
    "x-goog-metageneration": 1,
    "x-goog-hash": `crc32c=${found.crc32c},md5=${found.md5Hash}`,
    "x-goog-stored-content-length": found.size,
    "x-goog-stored-content-encoding": encoding ?? "identity",
    ...(encoding === undefined ? {} : { "content-encoding": encoding }),
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${found.size}` }),
  });
  await sendFile(exchange, files.pathOf(bucket, name), { start, end });
}

/** The end is not included. Null when the whole object is asked for. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | null {
  if (header === undefined) return null;
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === undefined || last === undefined || first + last === "") return null;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= end) throw new Refusal(416, "The requested range cannot be satisfied.");
  return { start, end };
}

export async function listObjects(
  files: BucketFiles,
  bucket: string,
  exchange: Exchange,
): Promise<void> {
  const { query, actions } = exchange;
  for (const name of ["delimiter", "startOffset", "endOffset", "matchGlob", "versions"]) {
    if ((query.get(name) ?? "") !== "") throw new Refusal(501, `${name} is not emulated`);
  }
  const missing = findAction(actions, "stale")?.missing;
  const resultsMax = Math.min(
    Number(query.get("maxResults") ?? LIST_RESULTS_MAX),
    LIST_RESULTS_MAX,
  );
  const after = Buffer.from(query.get("pageToken") ?? "", "base64url").toString();
  const items: object[] = [];
  let last = after;
  let isMore = false;
  for await (const name of files.list(bucket, { prefix: query.get("prefix") ?? "", after })) {
    if (name === missing) continue;
    isMore = items.length === resultsMax;
    if (isMore) break;
    const found = await files.find(bucket, name);
    if (found !== null) items.push(printResource(bucket, found));
    last = name;
  }
  const nextPageToken = Buffer.from(last).toString("base64url");
  sendJson(exchange, 200, { kind: "storage#objects", items, ...(isMore ? { nextPageToken } : {}) });
}

export async function removeObject(
  files: BucketFiles,
  { bucket, name }: ObjectPlace,
  exchange: Exchange,
): Promise<void> {
  const found = await files.find(bucket, name);
  checkPreconditions(readPreconditions(exchange.query), found);
  if (found === null) throw new Refusal(404, `No such object: ${bucket}/${name}`);
  await files.remove(bucket, name);
  sendEmpty(exchange, 204);
}
