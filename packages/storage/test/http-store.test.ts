import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { isToolMissing } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { HTTP_LIMITS, httpClient } from "../src/http/http-client.ts";
import { httpStore } from "../src/http/http-store.ts";
import { openObject } from "../src/open-store.ts";
import { readAll, readFirst } from "../src/read-all.ts";
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
  rateWindowMs: 1_000,
  rateBytesMin: 1_000,
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

/** One byte at a time, for as long as the connection is open. */
function drip(response: {
  write(text: string): unknown;
  on(event: "close", end: () => void): unknown;
}) {
  const timer = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(timer));
}

describe("a server that drips", { tags: ["only-in-all"] }, () => {
  test.each([
    ["with a length", { "content-length": "900000" }],
    ["without one", {}],
  ])("its body %s is left for being too slow", async (_what, headers) => {
    await using server = await serve((_, response) => {
      response.writeHead(200, headers);
      response.flushHeaders();
      drip(response);
    });
    const body = await storeAt(server.url).open("x");
    await expect(readAll(body!, BOUND)).rejects.toMatchObject({
      name: "TryAgainError",
      message: expect.stringMatching(/x is too slow: \d+ B in 1 s, expected 1.0 kB or more/),
      hint: expect.stringContaining("another place"),
    });
    await expect.poll(() => server.requests[0]!.socket.destroyed).toBe(true);
  });

  test("its refusal is taken at its status", async () => {
    await using server = await serve((_, response) => {
      response.writeHead(403).flushHeaders();
      drip(response);
    });
    await expect(read(server.url, "x")).rejects.toThrow("answered 403");
  });

  test("its headers are given up after their time", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined).write("HTTP/1.1 200 OK\r\nx-slow: ");
      drip(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const start = performance.now();
    await expect(read(`http://127.0.0.1:${port}`, "x")).rejects.toThrow(TryAgainError);
    expect(performance.now() - start).toBeLessThan(15_000);
    await new Promise((resolve) => server.close(resolve));
  });

  test("its reader may take his time", async () => {
    await using server = await serve((_, response) => response.end(CONTENT));
    const body = await storeAt(server.url).open("x");
    let bytes = 0;
    for await (const chunk of body!.stream) {
      bytes += chunk.byteLength;
      await delay(300);
    }
    expect(bytes).toBe(CONTENT.length);
  });
});

describe.skipIf(isToolMissing("openssl"))("TLS", { tags: ["only-in-all"] }, () => {
  test("that cannot be had is told with what to set", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "fl-https-"));
    execFileSync(
      "openssl",
      "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key -out pem".split(
        " ",
      ),
      { cwd: dir, stdio: "ignore" },
    );
    const [key, cert] = await Promise.all(
      ["key", "pem"].map((name) => readFile(path.join(dir, name))),
    );
    const server = createHttpsServer({ key, cert }, (_, response) => response.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await expect(read(`https://localhost:${port}`, "x")).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining("self-signed certificate"),
      hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await using plain = await serve((_, response) => response.end("{}"));
    await expect(read(plain.url.replace("http:", "https:"), "x")).rejects.toMatchObject({
      name: "ConfigError",
      hint: expect.stringContaining("scheme and port"),
    });
    await rm(dir, { recursive: true });
  });
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

const headOf = async (url: string, bytes: number) => {
  const body = await storeAt(url).openHead("x", bytes);
  return body === null ? null : await readFirst(body, bytes);
};

test("the beginning of an object is asked for by a range, which may reach beyond its end", async () => {
  await using server = await serve((request, response) => {
    const end = Math.min(Number(/^bytes=0-(\d+)$/.exec(request.headers.range!)![1]) + 1, 5000);
    const headers = { "content-range": `bytes 0-${end - 1}/5000`, "content-length": end };
    response.writeHead(206, headers).end(CONTENT.subarray(0, end));
  });
  expect((await headOf(server.url, 100))!.equals(CONTENT.subarray(0, 100))).toBe(true);
  expect((await headOf(server.url, 9000))!.equals(CONTENT.subarray(0, 5000))).toBe(true);
});

test("of a server without ranges the beginning is read, and the rest is left", async () => {
  let sent = 0;
  await using server = await serve((_, response) => {
    const piece = CONTENT.subarray(0, 65_536);
    response.setHeader("content-length", 1000 * piece.length);
    const send = () => {
      while (sent < 1000 && response.write(piece)) sent++;
    };
    response.on("drain", send);
    send();
  });
  expect((await headOf(server.url, 100))!.equals(CONTENT.subarray(0, 100))).toBe(true);
  expect(sent).toBeLessThan(500);
});

test("an object that is not there has no beginning, and a refusal is told", async () => {
  await using server = await serve((request, response) => {
    response.writeHead(request.url === "/x" ? 404 : 416).end();
  });
  expect(await headOf(server.url, 100)).toBeNull();
  await expect(storeAt(server.url).openHead("y", 100)).rejects.toThrow(
    "answered 416, expected 206",
  );
});
