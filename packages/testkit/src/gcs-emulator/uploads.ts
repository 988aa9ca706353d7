// Writing objects: in one request, or in a resumable session of many.

import { randomUUID } from "node:crypto";
import { defined } from "@forklift/system";
import type { BucketFiles, ResourceFields, StoredResource } from "./bucket-files.ts";
import { type Exchange, requestJson, sendEmpty, sendJson, uploadedContent } from "./exchange.ts";
import { readMultipart } from "./multipart.ts";
import { printResource } from "./objects.ts";
import { openPartialObject, type PartialObject } from "./partial-object.ts";
import { checkPreconditions, type Preconditions, readPreconditions } from "./preconditions.ts";
import { Refusal } from "./refusal.ts";

interface Session {
  readonly bucket: string;
  readonly name: string;
  readonly fields: ResourceFields;
  readonly preconditions: Preconditions;
  readonly partial: PartialObject;
  finished: StoredResource | null;
  /** Requests of one session wait for each other, also for one whose client has given up. */
  turn: Promise<unknown>;
}

export interface Uploads {
  /** POST: everything at once, or the beginning of a session. */
  start(bucket: string, exchange: Exchange): Promise<void>;
  /** PUT: a chunk, or the question how far it came. */
  continue(id: string, exchange: Exchange): Promise<void>;
  cancel(id: string, exchange: Exchange): Promise<void>;
}

export function makeUploads(files: BucketFiles): Uploads {
  const sessions = new Map<string, Session>();

  function sessionOf(id: string): Session {
    const session = sessions.get(id);
    if (session === undefined) throw new Refusal(404, "no such upload session");
    return session;
  }

  async function open(bucket: string, query: URLSearchParams, resource: unknown, type?: string) {
    const fields = resourceFields(resource, type);
    const name = query.get("name") ?? fieldOf(resource, "name");
    if (name === undefined || name === "") throw new Refusal(400, "Required object name");
    const preconditions = readPreconditions(query);
    checkPreconditions(preconditions, await files.find(bucket, name));
    const id = randomUUID();
    const partial = await openPartialObject(files.partialPath(id));
    const turn = Promise.resolve();
    return { id, session: { bucket, name, fields, preconditions, partial, finished: null, turn } };
  }

  async function finish(session: Session, hashHeader?: string | string[]): Promise<StoredResource> {
    const { bucket, name, fields, preconditions, partial } = session;
    const content = partial.content();
    const promised = /crc32c=([^,]+)/.exec(`${hashHeader ?? ""}`)?.[1];
    if (promised !== undefined && promised !== content.crc32c) {
      throw new Refusal(400, `crc32c is ${content.crc32c}, the client promised ${promised}`);
    }
    // Somebody may have written the object since the upload began.
    session.finished = await files.alone(async () => {
      checkPreconditions(preconditions, await files.find(bucket, name));
      return await files.put(bucket, name, { path: partial.path, content, fields });
    });
    return session.finished;
  }

  async function startWhole(bucket: string, exchange: Exchange): Promise<void> {
    const { request, query } = exchange;
    const contentType = request.headers["content-type"] ?? "application/octet-stream";
    const isMultipart = query.get("uploadType") === "multipart";
    const upload = isMultipart
      ? await readMultipart(request as AsyncIterable<Buffer>, contentType)
      : { resource: {}, contentType, content: request as AsyncIterable<Buffer> };
    const { session } = await open(bucket, query, upload.resource, upload.contentType);
    try {
      await session.partial.append(uploadedContent(exchange, upload.content), true);
      const promised = fieldOf(upload.resource, "crc32c");
      const header = promised === undefined ? undefined : `crc32c=${promised}`;
      sendJson(exchange, 200, printResource(bucket, await finish(session, header)));
    } catch (error) {
      await session.partial.discard();
      throw error;
    }
  }

  async function addChunk(session: Session, exchange: Exchange): Promise<void> {
    const { headers } = exchange.request;
    if (session.finished === null) {
      const { start, end, total } = contentRangeOf(headers["content-range"]);
      const { partial } = session;
      if (start !== null) {
        const skipped = partial.persistedBytes() - start;
        if (skipped < 0) throw new Refusal(400, `bytes ${start} to come after a gap`);
        const isLast = end === null || end + 1 === total;
        await partial.append(skipBytes(uploadedContent(exchange), skipped), isLast);
        if (isLast) return sendJson(exchange, 200, await finished(session, total, headers));
      } else if (total === partial.persistedBytes()) {
        return sendJson(exchange, 200, await finished(session, total, headers));
      }
      return sendIncomplete(exchange, partial.persistedBytes());
    }
    exchange.request.resume();
    sendJson(exchange, 200, printResource(session.bucket, session.finished));
  }

  async function finished(
    session: Session,
    total: number | null,
    headers: NodeJS.Dict<string | string[]>,
  ): Promise<object> {
    const size = session.partial.persistedBytes();
    if (size !== (total ?? size)) throw new Refusal(400, `${size} bytes came, ${total} announced`);
    return printResource(session.bucket, await finish(session, headers["x-goog-hash"]));
  }

  return {
    async start(bucket, exchange) {
      const { request, query, origin } = exchange;
      if (query.get("uploadType") !== "resumable") return await startWhole(bucket, exchange);
      const type = request.headers["x-upload-content-type"];
      const resource = await requestJson(exchange);
      const { id, session } = await open(bucket, query, resource, type as string | undefined);
      sessions.set(id, session);
      const path = `/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
      sendEmpty(exchange, 200, { location: origin + path, "x-guploader-uploadid": id });
    },
    async continue(id, exchange) {
      const session = sessionOf(id);
      const turn = session.turn.then(() => addChunk(session, exchange));
      session.turn = turn.catch(() => undefined);
      await turn;
    },
    async cancel(id, exchange) {
      const session = sessionOf(id);
      sessions.delete(id);
      await session.turn;
      await session.partial.discard();
      // "Client closed request" is what the real service says when all went well.
      sendEmpty(exchange, 499);
    },
  };
}

function sendIncomplete(exchange: Exchange, persisted: number): void {
  sendEmpty(exchange, 308, persisted === 0 ? {} : { range: `bytes=0-${persisted - 1}` });
}

/** `bytes 0-9/10`, `bytes 0-*\/*` (to the end of the body), `bytes *\/10` and `bytes *\/*`. */
function contentRangeOf(header: string | undefined) {
  if (header === undefined) return { start: 0, end: null, total: null };
  const found = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(header);
  if (found === null) throw new Refusal(400, `Content-Range ${header} is not understood`);
  const number = (text: string | undefined) =>
    text === undefined || text === "*" ? null : Number(text);
  return { start: number(found[1]), end: number(found[2]), total: number(found[3]) };
}

async function* skipBytes(body: AsyncIterable<Uint8Array>, count: number) {
  let left = count;
  for await (const chunk of body) {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

function fieldOf(resource: unknown, field: string): string | undefined {
  const value = (resource as Record<string, unknown> | null)?.[field];
  return typeof value === "string" ? value : undefined;
}

function resourceFields(resource: unknown, type: string | undefined): ResourceFields {
  const { metadata } = (resource ?? {}) as Pick<ResourceFields, "metadata">;
  const encoding = fieldOf(resource, "contentEncoding");
  return {
    contentType: fieldOf(resource, "contentType") ?? type ?? "application/octet-stream",
    ...defined({ contentEncoding: encoding }),
    ...defined({ metadata }),
  };
}
