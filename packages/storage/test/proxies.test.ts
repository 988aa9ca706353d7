// The proxies of the environment hold for every request, or for none.
// @module-tag only-in-all

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { startGcsEmulator } from "@forklift/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { gcsStore } from "../src/gcs/gcs-store.ts";
import { HTTP_LIMITS, httpAgent, httpClient } from "../src/http/http-client.ts";
import { httpStore } from "../src/http/http-store.ts";
import { readAll } from "../src/read-all.ts";
import { serve } from "./faulty-server.ts";

interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Requests and tunnels that went through it. */
  count(): number;
  /** Of those that came here, for the names that only the proxy can resolve. */
  readonly to: string[];
}

/** Sends everything to the one server, whatever its name. */
async function startProxy(target: string, status = 200): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const to: string[] = [];
  const server = createServer((incoming, response) => {
    to.push(`${incoming.method} ${incoming.url}`);
    if (status !== 200) return void response.writeHead(status).end();
    const { pathname, search } = new URL(incoming.url!);
    const { method, headers } = incoming;
    const onward = request(
      { hostname, port, path: pathname + search, method, headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(onward);
  });
  server.on("connect", (incoming, socket) => {
    to.push(`CONNECT ${incoming.url}`);
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => to.length,
    to,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((it) => [it, it.toLowerCase()]);

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => void vi.unstubAllEnvs());

const LIMITS = { ...HTTP_LIMITS, retriesMax: 0 };
const read = async (url: string) => {
  const body = await httpStore(new URL(url), httpClient(LIMITS)).open("x");
  return `${await readAll(body!, 100)}`;
};

describe("a web server", () => {
  test.each([["http_proxy"], ["HTTP_PROXY"]])("is reached by %s", async (name) => {
    await using server = await serve((_, response) => response.end("found"));
    await using proxy = await startProxy(server.url);
    vi.stubEnv(name, proxy.url);
    expect(await read("http://archive.example.org/folder")).toBe("found");
    expect(proxy.to).toEqual(["GET http://archive.example.org/folder/x"]);
  });

  test("is reached by a tunnel where it is encrypted", async () => {
    await using server = await serve((_, response) => response.end("found"));
    await using proxy = await startProxy(server.url);
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await expect(read("https://archive.example.org/folder")).rejects.toThrow();
    expect(proxy.to).toEqual(["CONNECT archive.example.org:443"]);
    expect(await read(server.url)).toBe("found");
    expect(proxy.count()).toBe(1);
  });

  test.each(["127.0.0.1", "*", "example.org 127.0.0.1"])(
    "is reached straight, as no_proxy is %s",
    async (not) => {
      await using server = await serve((_, response) => response.end("found"));
      await using proxy = await startProxy(server.url);
      vi.stubEnv("HTTP_PROXY", proxy.url);
      vi.stubEnv("NO_PROXY", not);
      expect(await read(server.url)).toBe("found");
      expect(proxy.count()).toBe(0);
    },
  );

  test.each([403, 407])("behind a proxy that says %i is told what to check", async (status) => {
    await using server = await serve((_, response) => response.end("found"));
    await using proxy = await startProxy(server.url, status);
    vi.stubEnv("HTTP_PROXY", proxy.url);
    for (const scheme of ["http", "https"]) {
      const reading = read(`${scheme}://archive.example.org/folder`);
      await expect(reading).rejects.toMatchObject({ name: "ConfigError" });
    }
  });

  test.each(["proxy:8080", "socks5://host:1", "http://"])(
    "is not asked by a proxy that is none: %s",
    (value) => {
      vi.stubEnv("https_proxy", value);
      const refused = { name: "ConfigError", hint: expect.stringContaining("http://host:port") };
      expect(() => httpAgent(LIMITS)).toThrow(expect.objectContaining(refused));
    },
  );
});

describe("a bucket", () => {
  async function work(host: string) {
    const dir = await mkdtemp(path.join(tmpdir(), "fl-proxies-"));
    const emulator = await startGcsEmulator({ dir });
    await emulator.createBucket("crates");
    const proxy = await startProxy(emulator.url);
    return {
      emulator,
      proxy,
      async lift() {
        const before = emulator.requests.length;
        vi.stubEnv("STORAGE_EMULATOR_HOST", emulator.url.replace("127.0.0.1", host));
        const limits = {
          http: LIMITS,
          chunkBytes: 256 * 1024,
          chunkTimeoutMs: 5000,
          pageObjectsMax: 9,
        };
        const store = gcsStore(new URL("gs://crates/"), { limits, agent: httpAgent(LIMITS) });
        await store.write("x", once_("content"));
        for await (const _ of store.list());
        expect(`${(await store.read("x"))!.content}`).toBe("content");
        await store.remove("x");
        return emulator.requests.length - before;
      },
      async [Symbol.asyncDispose]() {
        await proxy[Symbol.asyncDispose]();
        await emulator[Symbol.asyncDispose]();
        await rm(dir, { recursive: true, force: true });
      },
    };
  }

  test.each(["HTTP_PROXY", "http_proxy"])("is reached by %s with every request", async (name) => {
    await using it = await work("bucket.example.org");
    vi.stubEnv(name, it.proxy.url);
    expect(await it.lift()).toBeGreaterThan(5);
  });

  test.each([
    ["HTTP_PROXY", "127.0.0.1"],
    ["HTTP_PROXY", "*"],
    ["http_proxy", "0.0.1 10.0.0.1"],
    ["HTTPS_PROXY", undefined],
  ])(
    "is reached straight with every request, as %s is set, and NO_PROXY to %s",
    async (name, not) => {
      await using it = await work("127.0.0.1");
      vi.stubEnv(name, it.proxy.url);
      vi.stubEnv("NO_PROXY", not);
      expect(await it.lift()).toBeGreaterThan(5);
      expect(it.proxy.count()).toBe(0);
    },
  );
});

async function* once_(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
