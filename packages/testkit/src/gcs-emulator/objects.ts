// Reading, listing, removing, composing and rewriting objects.

import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { defined } from "@forklift/system";
import type { BucketFiles, ResourceFields, StoredResource } from "./bucket-files.ts";
import { type Exchange, requestJson, sendEmpty, sendFile, sendJson } from "./exchange.ts";
import { findAction } from "./faults.ts";
import { openPartialObject } from "./partial-object.ts";
import { checkPreconditions, type Preconditions, readPreconditions } from "./preconditions.ts";
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
  // The content that is sent is that of the generation that is announced, whatever comes after.
  const [found, content] = await files.alone(async () => {
    const it = await files.find(bucket, name);
    return [it, it === null ? null : await open(files.pathOf(bucket, name), "r")] as const;
  });
  await using file = content;
  const wanted = query.get("generation") ?? `${found?.generation}`;
  if (found === null || file === null || wanted !== `${found.generation}`) {
    throw new Refusal(404, `No such object: ${bucket}/${name}`);
  }
  checkPreconditions(readPreconditions(query), found);
  if (query.get("alt") === "media") await sendMedia(found, file, exchange);
  else sendJson(exchange, 200, printResource(bucket, found));
}

async function sendMedia(
  found: StoredResource,
  file: FileHandle,
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
    ...defined({ "content-encoding": encoding }),
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${found.size}` }),
  });
  await sendFile(exchange, file, { start, end });
}

/** The end is not included. Null when the whole object is requested. */
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
  await files.alone(async () => {
    const found = await files.find(bucket, name);
    checkPreconditions(readPreconditions(exchange.query), found);
    if (found === null) throw new Refusal(404, `No such object: ${bucket}/${name}`);
    await files.remove(bucket, name);
  });
  sendEmpty(exchange, 204);
}

/** The official client requests no more than so many. */
const COMPOSE_SOURCES_MAX = 32;

/** One object of others, which stay. */
export async function composeObject(
  files: BucketFiles,
  { bucket, name }: ObjectPlace,
  exchange: Exchange,
): Promise<void> {
  const { destination, sourceObjects } = (await requestJson(exchange)) as {
    readonly destination?: { readonly contentType?: string };
    readonly sourceObjects?: readonly { readonly name: string }[];
  };
  const sources = sourceObjects ?? [];
  if (sources.length === 0 || sources.length > COMPOSE_SOURCES_MAX) {
    throw new Refusal(
      400,
      `${sources.length} source objects, expected 1 to ${COMPOSE_SOURCES_MAX}`,
    );
  }
  const paths: string[] = [];
  for (const source of sources) {
    const found = await files.find(bucket, source.name);
    if (found === null) throw new Refusal(404, `No such object: ${bucket}/${source.name}`);
    paths.push(files.pathOf(bucket, source.name));
  }
  const contentType = destination?.contentType ?? "application/octet-stream";
  const preconditions = readPreconditions(exchange.query);
  const put = await putCopy(
    files,
    { bucket, name },
    { paths, fields: { contentType }, preconditions },
  );
  sendJson(exchange, 200, printResource(bucket, put));
}

/** Onto itself, in another storage class: the only rewrite that is needed here. */
export async function rewriteObject(
  files: BucketFiles,
  { from, to }: { readonly from: ObjectPlace; readonly to: ObjectPlace },
  exchange: Exchange,
): Promise<void> {
  const { storageClass } = (await requestJson(exchange)) as { readonly storageClass?: string };
  const found = await files.find(from.bucket, from.name);
  if (found === null) throw new Refusal(404, `No such object: ${from.bucket}/${from.name}`);
  const { contentType, contentEncoding, metadata } = found;
  const put = await putCopy(files, to, {
    paths: [files.pathOf(from.bucket, from.name)],
    preconditions: readPreconditions(exchange.query),
    fields: {
      contentType,
      ...defined({ contentEncoding }),
      ...defined({ metadata }),
      ...defined({ storageClass }),
    },
  });
  const resource = printResource(to.bucket, put);
  sendJson(exchange, 200, { kind: "storage#rewriteResponse", done: true, resource });
}

async function putCopy(
  files: BucketFiles,
  { bucket, name }: ObjectPlace,
  copy: {
    readonly paths: readonly string[];
    readonly fields: ResourceFields;
    readonly preconditions: Preconditions;
  },
): Promise<StoredResource> {
  const { paths, fields, preconditions } = copy;
  const partial = await openPartialObject(files.partialPath(randomUUID()));
  await partial.append(concatenated(paths), true);
  return await files.alone(async () => {
    checkPreconditions(preconditions, await files.find(bucket, name));
    const content = partial.content();
    return await files.put(bucket, name, { path: partial.path, content, fields });
  });
}

async function* concatenated(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* createReadStream(path) as AsyncIterable<Buffer>;
}
