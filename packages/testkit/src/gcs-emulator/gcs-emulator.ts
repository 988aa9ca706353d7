// A Google Cloud Storage of our own for tests and demonstrations: the part of the JSON API that its
// official client uses for buckets, objects and uploads, over real HTTP, on a folder of files.
// Where something is not emulated it answers 501, rather than something that looks right.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type BucketFiles, openBucketFiles } from "./bucket-files.ts";
import { type Exchange, requestJson, sendEmpty, sendJson, sendRefusal } from "./exchange.ts";
import { type Fault, type Faults, findAction, makeFaults, type RandomErrors } from "./faults.ts";
import { composeObject, listObjects, readObject, removeObject, rewriteObject } from "./objects.ts";
import { Refusal } from "./refusal.ts";
import { makeUploads, type Uploads } from "./uploads.ts";

/** Requests that are remembered; the demonstration may run for days. */
const REMEMBERED_REQUESTS_MAX = 10_000;

const CONTROL = "/_emulator";

export interface GcsEmulatorOptions {
  /** Below it every folder is a bucket. */
  readonly dir: string;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  readonly host?: string;
}

export interface SeenRequest {
  readonly method: string;
  /** With the query, escapes decoded. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

export interface GcsEmulator extends AsyncDisposable {
  /** For STORAGE_EMULATOR_HOST. */
  readonly url: string;
  readonly faults: Faults;
  /** The latest ones, without those that control the emulator. */
  readonly requests: readonly SeenRequest[];
  createBucket(name: string): Promise<void>;
}

interface Service {
  readonly files: BucketFiles;
  readonly uploads: Uploads;
  readonly faults: Faults;
  readonly requests: SeenRequest[];
}

export async function startGcsEmulator(options: GcsEmulatorOptions): Promise<GcsEmulator> {
  const { dir, port = 0, host = "127.0.0.1" } = options;
  const files = await openBucketFiles(dir);
  const service = { files, uploads: makeUploads(files), faults: makeFaults(), requests: [] };
  const server = createServer((request, response) => void answer(service, request, response));
  server.listen(port, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    faults: service.faults,
    requests: service.requests,
    createBucket: files.create,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A client that has given up is no error of ours.
  for (const stream of [request, response]) stream.on("error", () => undefined);
  const origin = `http://${request.headers.host ?? "localhost"}`;
  const { pathname, search, searchParams: query } = new URL(request.url ?? "/", origin);
  const method = request.method ?? "GET";
  if (pathname.startsWith(CONTROL)) {
    const exchange = { request, response, query, origin, actions: [] };
    return await refusing(exchange, () => control(service, `${method} ${pathname}`, exchange));
  }
  const path = shown(pathname + search);
  service.requests.push({ method, path, headers: request.headers });
  if (service.requests.length > REMEMBERED_REQUESTS_MAX) service.requests.shift();
  const actions = service.faults.take({ method, path });
  const exchange = { request, response, query, origin, actions };
  await refusing(exchange, async () => {
    if (await strike(exchange)) return;
    await route(service, `${method} ${pathname}`, exchange);
  });
}

async function refusing(exchange: Exchange, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (exchange.response.destroyed) return;
    sendRefusal(exchange, error instanceof Refusal ? error : new Refusal(500, String(error)));
  }
}

/** Applies what happens before any work; true when no work shall be done at all. */
async function strike({ request, response, actions }: Exchange): Promise<boolean> {
  const late = findAction(actions, "delay");
  if (late !== undefined) await delay(late.ms);
  if (findAction(actions, "drop")?.when === "before") {
    request.socket.destroy();
    return true;
  }
  const status = findAction(actions, "status");
  if (status === undefined) return false;
  request.resume();
  const { retryAfterSeconds } = status;
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds);
  response.writeHead(status.status, { "content-type": "application/json" });
  response.end(JSON.stringify(new Refusal(status.status, status.message ?? "by a fault").toJson()));
  return true;
}

/** The client leaves `/storage/v1` out when it is configured with an emulator. */
const ROUTE =
  /^([A-Z]+) (\/upload|\/download)?(?:\/storage\/v1)?\/b(?:\/([^/]+)(?:\/o(?:\/(.+))?)?)?$/;

async function route(service: Service, line: string, exchange: Exchange): Promise<void> {
  const { files, uploads } = service;
  const { query } = exchange;
  const found = ROUTE.exec(line.replace(/\/$/, ""));
  if (found === null) throw new Refusal(501, `${line} is not emulated`);
  const [, method, kind, bucket, escaped] = found;
  if (bucket === undefined) return await routeBuckets(files, `${method}`, exchange);
  if (!(await files.has(bucket))) throw new Refusal(404, "The specified bucket does not exist.");

  const uploadId = query.get("upload_id");
  if (kind === "/upload") {
    if (method === "POST") return await uploads.start(bucket, exchange);
    if (method === "PUT" && uploadId !== null) return await uploads.continue(uploadId, exchange);
    if (method === "DELETE" && uploadId !== null) return await uploads.cancel(uploadId, exchange);
  } else if (escaped !== undefined && method === "POST") {
    return await routeNewObject(files, { bucket, escaped }, exchange);
  } else if (escaped !== undefined) {
    const place = { bucket, name: decode(escaped) };
    if (method === "GET") return await readObject(files, place, exchange);
    if (method === "DELETE") return await removeObject(files, place, exchange);
  } else if (method === "GET") {
    if (/\/o\/?$/.test(line)) return await listObjects(files, bucket, exchange);
    return sendJson(exchange, 200, printBucket(bucket));
  }
  throw new Refusal(501, `${line} is not emulated`);
}

/** What makes an object of others. A slash inside a name is escaped, so these cannot be names. */
const COMPOSE = /^([^/]+)\/compose$/;
const REWRITE = /^([^/]+)\/rewriteTo\/b\/([^/]+)\/o\/([^/]+)$/;

async function routeNewObject(
  files: BucketFiles,
  { bucket, escaped }: { readonly bucket: string; readonly escaped: string },
  exchange: Exchange,
): Promise<void> {
  const composed = COMPOSE.exec(escaped)?.[1];
  if (composed !== undefined) {
    return await composeObject(files, { bucket, name: decode(composed) }, exchange);
  }
  const [, from, toBucket, to] = REWRITE.exec(escaped) ?? [];
  if (from === undefined) throw new Refusal(501, `POST of ${escaped} is not emulated`);
  const places = {
    from: { bucket, name: decode(from) },
    to: { bucket: toBucket!, name: decode(to!) },
  };
  await rewriteObject(files, places, exchange);
}

async function routeBuckets(files: BucketFiles, method: string, exchange: Exchange): Promise<void> {
  if (method === "GET") {
    const items = (await files.names()).map(printBucket);
    return sendJson(exchange, 200, { kind: "storage#buckets", items });
  }
  if (method !== "POST") throw new Refusal(501, `${method} of buckets is not emulated`);
  const { name } = (await requestJson(exchange)) as { readonly name?: string };
  if (name === undefined) throw new Refusal(400, "a bucket must have a name");
  if (await files.has(name)) throw new Refusal(409, `bucket ${name} exists`);
  await files.create(name);
  sendJson(exchange, 200, printBucket(name));
}

function printBucket(name: string): object {
  return { kind: "storage#bucket", id: name, name, location: "US", storageClass: "STANDARD" };
}

/** How another process makes the emulator misbehave, and reads the requests that it got. */
async function control(service: Service, line: string, exchange: Exchange): Promise<void> {
  const { faults, requests } = service;
  switch (line) {
    case `POST ${CONTROL}/faults`:
      faults.add((await requestJson(exchange)) as Fault);
      return sendEmpty(exchange, 204);
    case `POST ${CONTROL}/random-errors`:
      faults.setRandomErrors((await requestJson(exchange)) as RandomErrors);
      return sendEmpty(exchange, 204);
    case `DELETE ${CONTROL}/faults`:
      faults.clear();
      return sendEmpty(exchange, 204);
    case `GET ${CONTROL}/requests`:
      return sendJson(exchange, 200, { requests });
    default:
      throw new Refusal(404, `${line} is not a control of the emulator`);
  }
}

/** For people and for the rules of faults; an escape that is wrong stays as it is. */
function shown(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (escaped) => {
    const decoded = Buffer.from(escaped.replaceAll("%", ""), "hex");
    return `${decoded}`;
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, `${text} is not well escaped`);
  }
}
