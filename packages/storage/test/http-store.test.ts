import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { HTTP_LIMITS, httpClient } from "../src/http-client.ts";
import { httpStore } from "../src/http-store.ts";
import { openObject } from "../src/open-store.ts";
import { readAll } from "../src/read-all.ts";
import type { ByteRange } from "../src/store.ts";
import { serve } from "./faulty-server.ts";

const CONTENT = randomBytes(300_000);
const BOUND = 1_000_000;

/** The real client, only less patient. */
const quick = httpClient({
  ...HTTP_LIMITS,
  headersTimeoutMs: 200,
  bodyTimeoutMs: 200,
  retriesMax: 2,
  retryFirstMs: 1,
  retryLastMs: 5,
});
const storeAt = (url: string) => httpStore(new URL(url), quick);

async function read(url: string, name: string): Promise<Buffer | null> {
  const body = await storeAt(url).open(name);
  return body === null ? null : readAll(body, BOUND);
}

test("an object is read with its length", async () => {
  await using server = await serve((_, response) => {
    response.setHeader("content-length", CONTENT.length).end(CONTENT);
  });
  const body = await storeAt(`${server.url}/folder/`).open("a b/c.json");
  expect(body?.bytes).toBe(BigInt(CONTENT.length));
  expect((await readAll(body!, BOUND)).equals(CONTENT)).toBe(true);
  expect(server.requests[0]!.url).toBe("/folder/a%20b/c.json");
});

test.each<[Record<string, string>, string | undefined]>([
  [{ etag: '"abc"', "last-modified": "Sat, 05 Jun 2021 00:00:00 GMT" }, '"abc"'],
  [
    { etag: 'W/"abc"', "last-modified": "Sat, 05 Jun 2021 00:00:00 GMT" },
    "Sat, 05 Jun 2021 00:00:00 GMT",
  ],
  [{ etag: 'W/"abc"' }, undefined],
  [{}, undefined],
])("the version of an object that comes with %j is %s", async (headers, version) => {
  await using server = await serve((_, response) => response.writeHead(200, headers).end("x"));
  const body = await storeAt(server.url).open("x");
  expect(body?.version).toBe(version);
  await readAll(body!, BOUND);
});

test.each([404, 410])("status %i means that there is no such object", async (status) => {
  await using server = await serve((_, response) => response.writeHead(status).end("gone"));
  expect(await read(server.url, "x")).toBeNull();
  await expect(openObject(`${server.url}/x.json`)).rejects.toThrow(`there is no ${server.url}/x`);
});

test("what was not percent-encoded is taken as it stands", async () => {
  await using server = await serve((_, response) => response.end(CONTENT));
  const url = server.url.replace("://", "://ann:100%@");
  const body = await openObject(`${url}/50%.json`);
  expect((await readAll(body, BOUND)).equals(CONTENT)).toBe(true);
  const [request] = server.requests;
  expect(request!.url).toBe("/50%25.json");
  const user = Buffer.from("ann:100%").toString("base64");
  expect(request!.headers.authorization).toBe(`Basic ${user}`);
});

test.each([
  [401, ConfigError],
  [403, ConfigError],
  [400, SourceDataError],
  [416, SourceDataError],
  [304, SourceDataError],
  [501, TryAgainError],
])("status %i is refused at once, as the right class of error", async (status, kind) => {
  await using server = await serve((_, response) => response.writeHead(status).end());
  await expect(read(server.url, "x")).rejects.toThrow(kind);
  expect(server.requests).toHaveLength(1);
});

test("a server that fails twice is asked a third time", async () => {
  await using server = await serve((_, response, before) => {
    if (before < 2) response.writeHead(500).end("sorry");
    else response.end(CONTENT);
  });
  expect((await read(server.url, "x"))!.equals(CONTENT)).toBe(true);
});

test("a server that always fails is given up after a bounded number of requests", async () => {
  await using server = await serve((_, response) => response.writeHead(503).end());
  await expect(read(server.url, "x")).rejects.toThrow(TryAgainError);
  expect(server.requests).toHaveLength(3);
});

test("a dropped connection is tried again, and is no success when it never holds", async () => {
  await using flaky = await serve((request, response, before) => {
    if (before < 1) request.socket.destroy();
    else response.end(CONTENT);
  });
  expect((await read(flaky.url, "x"))!.equals(CONTENT)).toBe(true);
  await using dead = await serve((request) => request.socket.destroy());
  await expect(read(dead.url, "x")).rejects.toThrow(TryAgainError);
});

test("a server that never answers is given up", async () => {
  await using server = await serve(() => undefined);
  await expect(read(server.url, "x")).rejects.toThrow(TryAgainError);
});

test("nobody listening is something to try again", async () => {
  const { url } = await (async () => {
    await using server = await serve(() => undefined);
    return { url: server.url };
  })();
  await expect(read(url, "x")).rejects.toThrow(/ECONNREFUSED/);
});

test("a body that is cut is continued where it broke off", async () => {
  await using server = await serve((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "bytes=0-")![1]);
    const rest = CONTENT.subarray(from);
    response.setHeader("etag", '"one"').setHeader("content-length", rest.length);
    if (from > 0) {
      response.setHeader("content-range", `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`);
      response.statusCode = 206;
    }
    if (from < 200_000) response.write(rest.subarray(0, 100_000), () => request.socket.destroy());
    else response.end(rest);
  });
  expect((await read(server.url, "x"))!.equals(CONTENT)).toBe(true);
  expect(server.requests.length).toBeGreaterThan(2);
  expect(server.requests[1]!.headers["if-match"]).toBe('"one"');
});

test("a cut body is an error when the server cannot continue it", async () => {
  await using server = await serve((request, response) => {
    response.setHeader("content-length", CONTENT.length);
    response.write(CONTENT.subarray(0, 100_000), () => request.socket.destroy());
  });
  await expect(read(server.url, "x")).rejects.toThrow(/broke off after \d+ of 300000 bytes/);
});

test("a cut body is an error when the object became another one meanwhile", async () => {
  await using server = await serve((request, response, before) => {
    if (before > 0) return void response.writeHead(412).end();
    response.setHeader("content-length", CONTENT.length).setHeader("etag", '"one"');
    response.write(CONTENT.subarray(0, 100_000), () => request.socket.destroy());
  });
  await expect(read(server.url, "x")).rejects.toThrow(TryAgainError);
});

test("a chunked body that is cut is an error as well", async () => {
  await using server = await serve((request, response) => {
    response.write(CONTENT.subarray(0, 100_000), () => request.socket.destroy());
  });
  await expect(read(server.url, "x")).rejects.toThrow(TryAgainError);
});

test("a body shorter than announced is an error", async () => {
  await using server = await serve((_, response) => {
    response.strictContentLength = false;
    response.setHeader("content-length", CONTENT.length + 10).end(CONTENT);
  });
  await expect(read(server.url, "x")).rejects.toThrow(TryAgainError);
});

test("an answer whose end cannot be recognized is refused", async () => {
  const server = createServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\n{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await expect(read(`http://127.0.0.1:${port}`, "x")).rejects.toThrow(/without a length/);
  await new Promise((resolve) => server.close(resolve));
});

test("a compressed transfer is refused, but a stored .gz file may be called gzip", async () => {
  await using server = await serve((_, response) => {
    response.setHeader("content-encoding", "gzip").end(CONTENT);
  });
  await expect(read(server.url, "x.json")).rejects.toThrow(SourceDataError);
  expect((await read(server.url, "x.tar.gz"))!.equals(CONTENT)).toBe(true);
});

test.each<[string, Record<string, string>, ByteRange | undefined, string]>([
  ["compressed", { "content-encoding": "gzip" }, undefined, "content-encoding gzip"],
  [
    "of another length",
    { "content-range": "bytes 0-9/1000000" },
    { start: 0n, end: 10n },
    "asked for 0 to 10",
  ],
])("an answer that is %s gives its connection back", async (_what, headers, range, refusal) => {
  const held: ServerResponse[] = [];
  await using server = await serve((_, response) => {
    held.push(response);
    response.writeHead(range === undefined ? 200 : 206, headers).write(CONTENT);
  });
  await expect(storeAt(server.url).open("x", range)).rejects.toThrow(refusal);
  await expect.poll(() => held.map(({ closed }) => closed)).toEqual([true]);
});

test("a redirect is followed, a loop of them is not", async () => {
  await using server = await serve((request, response) => {
    if (request.url === "/there") response.end("found");
    else response.writeHead(302, { location: request.url === "/x" ? "/there" : "/loop" }).end();
  });
  expect(`${await read(server.url, "x")}`).toBe("found");
  await expect(read(server.url, "loop")).rejects.toThrow();
});

test("credentials are sent, and never printed", async () => {
  await using server = await serve((_, response) => response.writeHead(403).end());
  const url = server.url.replace("://", "://me:s3cr%2Ft@");
  const refusal = storeAt(`${url}/?signature=abc`).open("x");
  await expect(refusal).rejects.toThrow(`${server.url.replace("//", "//***@")}/x?*** answered 403`);
  expect(server.requests[0]!.url).toBe("/x?signature=abc");
  expect(server.requests[0]!.headers.authorization).toBe(
    `Basic ${Buffer.from("me:s3cr/t").toString("base64")}`,
  );
});

test("more than the bound is refused, whether announced or not", async () => {
  await using server = await serve((request, response) => {
    if (request.url === "/announced") response.setHeader("content-length", CONTENT.length);
    response.write(CONTENT, () => response.end());
  });
  for (const name of ["announced", "silent"]) {
    const body = await storeAt(server.url).open(name);
    await expect(readAll(body!, 1000, name)).rejects.toThrow(`${name} may have 1000 bytes at most`);
  }
});

test("the web can be neither listed nor written", async () => {
  const store = storeAt("https://example.org/blocks");
  expect(() => store.list()).toThrow(ConfigError);
  await expect(store.write("x", (async function* () {})())).rejects.toThrow(ConfigError);
  await expect(store.remove("x")).rejects.toThrow(ConfigError);
});
