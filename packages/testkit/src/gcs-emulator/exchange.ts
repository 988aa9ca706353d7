// One request and its answer, with whatever faults are due applied to the bodies.

import type { FileHandle } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type FaultAction, findAction } from "./faults.ts";
import type { Refusal } from "./refusal.ts";

/** Read from disk at once while an object is sent. */
const SEND_CHUNK_BYTES = 256 * 1024;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The scheme and host by which the client reached us. */
  readonly origin: string;
  readonly actions: readonly FaultAction[];
}

/** The content of the request, truncated or corrupted if a fault says so. */
export async function* uploadedContent(
  { request, actions }: Exchange,
  content: AsyncIterable<Uint8Array> = request as AsyncIterable<Buffer>,
): AsyncGenerator<Uint8Array> {
  const cut = findAction(actions, "cut");
  const isCorrupt = findAction(actions, "corrupt") !== undefined;
  let passed = 0;
  for await (const chunk of content) {
    if (isCorrupt && passed === 0) flipFirstByte(chunk);
    if (cut !== undefined && passed + chunk.length > cut.afterBytes) {
      yield chunk.subarray(0, cut.afterBytes - passed);
      request.socket.destroy();
      throw new Error("cut by a fault");
    }
    passed += chunk.length;
    yield chunk;
  }
}

/** Small bodies only: the JSON of a request. */
export async function requestJson(exchange: Exchange): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of exchange.request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : (JSON.parse(text) as unknown);
}

export function sendJson({ response, actions }: Exchange, status: number, body: object): void {
  // The work is done; only its answer is lost.
  if (findAction(actions, "drop") !== undefined) return void response.destroy();
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
  response.end(JSON.stringify(body));
}

export function sendEmpty(
  { response, actions }: Exchange,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (findAction(actions, "drop") !== undefined) return void response.destroy();
  response.writeHead(status, { ...headers, "content-length": 0 }).end();
}

export function sendRefusal(exchange: Exchange, refusal: Refusal): void {
  if (exchange.response.headersSent) return void exchange.response.destroy();
  exchange.request.resume();
  sendJson(exchange, refusal.status, refusal.toJson());
}

/** Sends bytes `start` to `end`, the latter not included, after the headers have been written. */
export async function sendFile(
  { response, actions }: Exchange,
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<void> {
  const cut = findAction(actions, "cut");
  const sentEnd = Math.min(end, start + (cut?.afterBytes ?? Number.POSITIVE_INFINITY));
  let isCorrupt = findAction(actions, "corrupt") !== undefined;

  async function* chunks() {
    for (let at = start; at < sentEnd; ) {
      const buffer = Buffer.allocUnsafe(Math.min(SEND_CHUNK_BYTES, sentEnd - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error("the file became shorter");
      if (isCorrupt) flipFirstByte(buffer);
      isCorrupt = false;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  await pipeline(chunks(), response, { end: false });
  if (sentEnd === end) response.end();
  // What was written shall arrive before the connection breaks.
  else response.write("", () => response.destroy());
}

function flipFirstByte(bytes: Uint8Array): void {
  bytes[0] = bytes[0]! ^ 0xff;
}
