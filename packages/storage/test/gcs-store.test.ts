import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { type Fault, type GcsEmulator, startGcsEmulator } from "@forklift/testkit";
import { type File, Storage } from "@google-cloud/storage";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connect } from "../src/gcs/gcs-access.ts";
import { GCS_LIMITS, type GcsLimits } from "../src/gcs/gcs-limits.ts";
import { gcsStore } from "../src/gcs/gcs-store.ts";
import { HTTP_LIMITS, httpAgent } from "../src/http/http-client.ts";
import { openObject, openStore } from "../src/open-store.ts";
import { readAll } from "../src/read-all.ts";
import type { Store } from "../src/store.ts";
import { serve } from "./faulty-server.ts";

const QUANTUM = 256 * 1024;

/** The real store, only less patient, and with chunks that a test can fill. */
const LIMITS: GcsLimits = {
  http: {
    ...HTTP_LIMITS,
    headersTimeoutMs: 500,
    bodyTimeoutMs: 500,
    retriesMax: 3,
    retryFirstMs: 1,
    retryLastMs: 5,
  },
  chunkBytes: QUANTUM,
  chunkTimeoutMs: 500,
  pageObjectsMax: 2,
};
const agent = httpAgent(LIMITS.http);
const storeAt = (url: string) => gcsStore(new URL(url), { limits: LIMITS, agent });

/** Several chunks and a bit. */
const CONTENT = randomBytes(QUANTUM * 4 + 77);

let dir: string;
let emulator: GcsEmulator;
let store: Store;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "forklift-gcs-"));
  emulator = await startGcsEmulator({ dir });
  await emulator.createBucket("crates");
  vi.stubEnv("STORAGE_EMULATOR_HOST", emulator.url);
  store = storeAt("gs://crates/main net/");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await emulator[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

async function* body(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function namesOf(prefix?: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
}

async function read(name: string, from = store): Promise<Buffer | null> {
  const found = await from.open(name);
  return found === null ? null : await readAll(found, 2 * CONTENT.length);
}

const fault = (it: Fault) => emulator.faults.add(it);
const requestsOf = (method: string, path = "") =>
  emulator.requests.filter((it) => it.method === method && it.path.includes(path));

test("an object lies below the prefix of its store", async () => {
  await store.write("sub/ü%.txt", body("123456789"));
  expect(`${await read("main net/sub/ü%.txt", storeAt("gs://crates"))}`).toBe("123456789");
});

test.each([0, 1, QUANTUM - 1, QUANTUM, QUANTUM + 1, 2 * QUANTUM, CONTENT.length])(
  "an object of %i bytes comes back as it went, however it is cut into pieces",
  async (size) => {
    const content = CONTENT.subarray(0, size);
    const pieces = [content.subarray(0, 3), content.subarray(3, 3 + 1.5 * QUANTUM)];
    await store.write("x", body(...pieces, content.subarray(3 + 1.5 * QUANTUM)));
    expect((await read("x"))!.equals(content)).toBe(true);
  },
);

test("what is written anew has another version", async () => {
  const versionOf = async () => {
    const body = await store.open("x");
    await readAll(body!, 10);
    return body!.version!;
  };
  await store.write("x", body("one"));
  const first = await versionOf();
  expect(await versionOf()).toBe(first);
  await store.write("x", body("one"));
  expect(await versionOf()).not.toBe(first);
});

test("objects are listed over pages, without what only shows a folder", async () => {
  for (const name of ["b", "a/2", "a/1", "ab/3"]) await store.write(name, body("xyz"));
  await new Storage({ projectId: "p" }).bucket("crates").file("main net/a/").save("");
  expect(await namesOf()).toEqual(["a/1", "a/2", "ab/3", "b"]);
  expect(requestsOf("GET", "pageToken")).toHaveLength(2);
});

test("a body that fails leaves the former object and nothing else", async () => {
  await store.write("x", body("before"));
  const failing = (async function* () {
    yield CONTENT;
    throw new SourceDataError("the body broke", { hint: "run again" });
  })();
  await expect(store.write("x", failing)).rejects.toThrow("the body broke");
  expect(`${await read("x")}`).toBe("before");
  expect(await namesOf()).toEqual(["x"]);
  expect(requestsOf("DELETE", "upload_id")).toHaveLength(1);
});

test("a writer that is killed in the middle leaves no object", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", HALF_A_WRITE], {
    cwd: import.meta.dirname,
    env: { ...process.env, STORE: store.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(requestsOf("PUT")).toHaveLength(1);
  expect(await namesOf()).toEqual([]);
  expect(await read("x")).toBeNull();
});

/** Yields a second time only after the first chunk has been sent, then never again. */
const HALF_A_WRITE = `
  import { openStore } from "@forklift/storage";
  await openStore(process.env.STORE).write("x", (async function* () {
    yield Buffer.alloc(9 * 2 ** 20, "x");
    console.log("half");
    await new Promise(() => setInterval(() => {}, 1000));
  })());
`;

test("a URL names a bucket and a prefix, and one object", async () => {
  await openStore("gs://crates/a").write("b.json", body("{}"));
  expect(`${await readAll(await openObject("gs://crates/a/b.json"), 10)}`).toBe("{}");
  expect(openStore("gs://crates/a").url).toBe("gs://crates/a");
  for (const url of ["gs:///a", "gs://user@crates/a", "gs://crates:80/a", "gs://crates/a?x=y"]) {
    expect(() => openStore(url)).toThrow(ConfigError);
  }
});

test("a bucket that does not exist is a matter of configuration", async () => {
  store = storeAt("gs://nothing");
  await expect(namesOf()).rejects.toThrow(ConfigError);
  await expect(store.write("x", body("x"))).rejects.toThrow(/no such bucket/);
  expect(await store.open("x")).toBeNull();
});

test.each([401, 403])("status %i is missing or refused credentials, at once", async (status) => {
  fault({ times: "always", action: { kind: "status", status } });
  const attempts = [() => read("x"), () => namesOf(), () => store.write("x", body("x"))];
  for (const attempt of [...attempts, () => store.remove("x")]) {
    await expect(attempt()).rejects.toThrow(ConfigError);
    await expect(attempt()).rejects.toMatchObject({ hint: expect.stringMatching(/CREDENTIALS/) });
  }
  expect(emulator.requests).toHaveLength(8);
});

test.each([429, 500, 503])(
  "status %i is outlived twice, and given up in the end",
  async (status) => {
    const twice = { times: 2, action: { kind: "status", status } } as const;
    for (const method of ["GET", "POST", "PUT", "DELETE"]) fault({ method, ...twice });
    await store.write("x", body(CONTENT));
    expect((await read("x"))!.equals(CONTENT)).toBe(true);
    expect(await namesOf()).toEqual(["x"]);
    await store.remove("x");
    expect(await namesOf()).toEqual([]);

    fault({ ...twice, times: "always" });
    const attempts = [() => read("x"), () => namesOf(), () => store.write("x", body("x"))];
    for (const attempt of [...attempts, () => store.remove("x")]) {
      const before = emulator.requests.length;
      await expect(attempt()).rejects.toThrow(TryAgainError);
      expect(emulator.requests.length - before).toBe(LIMITS.http.retriesMax + 1);
    }
  },
);

test.each(["before", "after"] as const)(
  "a connection that breaks %s the work is done is tried again, and nothing is done twice",
  async (when) => {
    const drop = { kind: "drop", when } as const;
    for (const method of ["POST", "PUT", "DELETE"]) fault({ method, action: drop });
    fault({ method: "PUT", nth: 6, action: drop });
    await store.write("x", body(CONTENT));
    expect((await read("x"))!.equals(CONTENT)).toBe(true);
    await store.remove("x");
    expect(await namesOf()).toEqual([]);
  },
);

test("the answer to the last chunk may be lost: the object is found finished", async () => {
  fault({ method: "PUT", path: "upload_id", action: { kind: "drop", when: "after" } });
  const written = await store.write("x", body("123456789"));
  expect(written.crc32c).toBe("4waSgw==");
  expect(requestsOf("PUT")).toHaveLength(2);
});

test("a chunk that is cut is continued where the service says", async () => {
  const limits = { ...LIMITS, chunkBytes: 2 * QUANTUM };
  store = gcsStore(new URL("gs://crates"), { limits, agent });
  for (const nth of [1, 4]) {
    fault({ method: "PUT", nth, action: { kind: "cut", afterBytes: QUANTUM + 5 } });
  }
  await store.write("x", body(CONTENT));
  expect((await read("x"))!.equals(CONTENT)).toBe(true);
  const ranges = requestsOf("PUT").map(({ headers }) => headers["content-range"]);
  expect(ranges.slice(0, 3)).toEqual([
    `bytes 0-${2 * QUANTUM - 1}/*`,
    "bytes */*",
    `bytes ${QUANTUM}-${2 * QUANTUM - 1}/*`,
  ]);
});

test("an upload that makes no headway ends, and leaves no object", async () => {
  fault({ method: "PUT", times: "always", action: { kind: "cut", afterBytes: 10 } });
  await expect(store.write("x", body(CONTENT))).rejects.toThrow(TryAgainError);
  expect(await namesOf()).toEqual([]);
});

test("a service that does not answer is given up in bounded time", async () => {
  const limits = { ...LIMITS, http: { ...LIMITS.http, retriesMax: 1 } };
  store = gcsStore(new URL("gs://crates"), { limits, agent });
  await store.write("x", body("x"));
  fault({ times: "always", action: { kind: "delay", ms: 20_000 } });
  const started = performance.now();
  await expect(read("x")).rejects.toThrow(TryAgainError);
  await expect(namesOf()).rejects.toThrow(TryAgainError);
  emulator.faults.clear();
  fault({ method: "PUT", times: "always", action: { kind: "delay", ms: 20_000 } });
  await expect(store.write("x", body("y"))).rejects.toThrow(TryAgainError);
  emulator.faults.clear();
  fault({ method: "POST", times: "always", action: { kind: "delay", ms: 20_000 } });
  await expect(store.write("x", body("y"))).rejects.toThrow(TryAgainError);
  expect(performance.now() - started).toBeLessThan(15_000);
});

test("an upload session that the service forgot is something to try again", async () => {
  fault({ method: "PUT", nth: 2, action: { kind: "status", status: 410 } });
  await expect(store.write("x", body(CONTENT))).rejects.toThrow(/forgotten by the service/);
  expect(await namesOf()).toEqual([]);
});

test("another run's object is not overwritten, and the message says that there is one", async () => {
  const racing = (async function* () {
    yield CONTENT;
    await storeAt("gs://crates/main net").write("x", body("faster"));
  })();
  const lost = store.write("x", racing);
  await expect(lost).rejects.toThrow(TryAgainError);
  await expect(lost).rejects.toThrow(/another run wrote the object/);
  expect(`${await read("x")}`).toBe("faster");
});

test("every upload and every removal has a condition on the generation", async () => {
  await store.write("x", body("one"));
  await store.write("x", body("two"));
  await store.remove("x");
  expect(requestsOf("POST", "ifGenerationMatch=0")).toHaveLength(1);
  expect(requestsOf("POST").at(-1)!.path).toMatch(/ifGenerationMatch=\d{16}/);
  expect(requestsOf("DELETE")[0]!.path).toMatch(/ifGenerationMatch=\d{16}/);
});

test("an upload that arrived damaged is removed and reported", async () => {
  fault({ method: "PUT", action: { kind: "corrupt" } });
  await expect(store.write("x", body("123456789"))).rejects.toThrow(TryAgainError);
  expect(await namesOf()).toEqual([]);
});

test("an upload whose stored checksum is another one is removed and reported", async () => {
  // A service that checks nothing, and says in the end what it has.
  await using careless = await serve((request, response) => {
    if (request.method === "GET") return void response.writeHead(404).end("{}");
    if (request.method === "POST") {
      const location = `http://${request.headers.host}/session`;
      return void response.writeHead(200, { location }).end();
    }
    request.resume().on("end", () => {
      response.end(JSON.stringify({ size: "9", crc32c: "AAAAAA==", generation: "7" }));
    });
  });
  vi.stubEnv("STORAGE_EMULATOR_HOST", careless.url);
  const lost = storeAt("gs://crates").write("x", body("123456789"));
  await expect(lost).rejects.toThrow(/crc32c AAAAAA==, expected 9 with 4waSgw==/);
  expect(careless.requests.map(({ url }) => url)).toContain("/b/crates/o/x?ifGenerationMatch=7");
});

test("a service that takes nothing of a chunk is given up in bounded time", async () => {
  await using stuck = await serve((request, response) => {
    if (request.method === "GET") return void response.writeHead(404).end("{}");
    if (request.method === "DELETE") return void response.writeHead(499).end();
    const location = `http://${request.headers.host}/session`;
    if (request.method === "POST") response.writeHead(200, { location }).end();
    else request.pause();
  });
  vi.stubEnv("STORAGE_EMULATOR_HOST", stuck.url);
  const limits = { ...LIMITS, chunkBytes: 2 ** 25, http: { ...LIMITS.http, retriesMax: 1 } };
  store = gcsStore(new URL("gs://crates"), { limits, agent });
  const started = performance.now();
  await expect(store.write("x", body(Buffer.alloc(2 ** 25)))).rejects.toThrow(TryAgainError);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("a download that is damaged on its way is not taken for the object", async () => {
  await store.write("x", body(CONTENT));
  fault({ method: "GET", path: "alt=media", action: { kind: "corrupt" } });
  await expect(read("x")).rejects.toThrow(/came with crc32c .*, expected /);
  expect((await read("x"))!.equals(CONTENT)).toBe(true);
});

test("a download that comes without a checksum gives its connection back", async () => {
  const held: ServerResponse[] = [];
  await using careless = await serve((_, response) => {
    held.push(response);
    response.writeHead(200, { "content-length": 2 * CONTENT.length }).write(CONTENT);
  });
  vi.stubEnv("STORAGE_EMULATOR_HOST", careless.url);
  await expect(storeAt("gs://crates").open("x")).rejects.toThrow("came without a crc32c");
  await expect.poll(() => held.map(({ closed }) => closed)).toEqual([true]);
});

test("a body that is cut is continued by ranges of the same generation", async () => {
  await store.write("x", body(CONTENT));
  const cut = { kind: "cut", afterBytes: 300_000 } as const;
  fault({ method: "GET", path: "alt=media", times: 2, action: cut });
  expect((await read("x"))!.equals(CONTENT)).toBe(true);
  const downloads = requestsOf("GET", "alt=media");
  expect(downloads).toHaveLength(3);
  for (const { path, headers } of downloads.slice(1)) {
    expect(path).toMatch(/generation=\d{16}/);
    expect(headers.range).toMatch(/^bytes=\d+-/);
  }
});

test("a body that is cut again and again ends in an error, and does not hang", async () => {
  await store.write("x", body(CONTENT));
  fault({ method: "GET", times: "always", action: { kind: "cut", afterBytes: 1000 } });
  await expect(read("x")).rejects.toThrow(/broke off after \d+ of \d+ bytes/);
});

test("an object that is replaced while it is read is not continued with the new one", async () => {
  await store.write("x", body(CONTENT));
  const { stream } = (await store.open("x"))!;
  const pieces = stream[Symbol.asyncIterator]();
  fault({ method: "GET", path: "alt=media", action: { kind: "cut", afterBytes: 300_000 } });
  const cut = (await store.open("x"))!;
  await store.write("x", body(CONTENT.toReversed()));
  await expect(readAll(cut, 2 * CONTENT.length)).rejects.toThrow(TryAgainError);
  // Who began to read earlier has the former object to its end.
  let received = 0;
  for (let at = await pieces.next(); !at.done; at = await pieces.next())
    received += at.value.length;
  expect(received).toBe(CONTENT.length);
});

test("an object that is stored gzipped arrives as it is stored", async () => {
  const file = new Storage({ projectId: "p" }).bucket("crates").file("main net/x.json");
  await file.save("{}", { gzip: true });
  expect((await read("x.json"))!.subarray(0, 2).toString("hex")).toBe("1f8b");
  expect(requestsOf("GET", "alt=media")[0]!.headers["accept-encoding"]).toBe("gzip");
});

test("a listing that lags behind hides nothing that is opened by name", async () => {
  await store.write("x", body("x"));
  const action = { kind: "stale", missing: "main net/x" } as const;
  fault({ method: "GET", path: "/o\\?.*prefix", times: 2, action });
  expect(await namesOf()).toEqual([]);
  expect(`${await read("x")}`).toBe("x");
  await store.write("x", body("y"));
  expect(await namesOf()).toEqual([]);
  expect(await namesOf()).toEqual(["x"]);
});

test.each<[string, (file: File) => Promise<unknown>]>([
  ["in one request", (file) => file.save("x", { resumable: false })],
  ["begun and left", (file) => file.createResumableUpload()],
])(
  "after an upload %s without a condition Google's client retries nothing; our store does",
  async (_, upload) => {
    const unavailable = { kind: "status", status: 503 } as const;
    const client = new Storage({ projectId: "p" });
    await upload(client.bucket("crates").file("y"));
    fault({ method: "GET", action: unavailable });
    await expect(client.bucket("crates").getFiles()).rejects.toMatchObject({ code: 503 });

    await store.write("x", body("x"));
    fault({ method: "GET", times: 2, action: unavailable });
    expect(await namesOf()).toEqual(["x"]);
  },
);

test("many objects survive a service that fails one request in ten", async () => {
  emulator.faults.setRandomErrors({ seed: 11, rate: 0.1 });
  const limits = { ...LIMITS, http: { ...LIMITS.http, retriesMax: 6 } };
  store = gcsStore(new URL("gs://crates"), { limits, agent });
  const names = Array.from({ length: 30 }, (_, n) => `block-${n}.json`);
  for (const name of names) await store.write(name, body(name, CONTENT));
  for (const name of names) {
    expect((await read(name))!.equals(Buffer.concat([Buffer.from(name), CONTENT]))).toBe(true);
  }
  expect((await namesOf()).toSorted()).toEqual(names.toSorted());
});

/** A workload identity whose tokens come from the URL; as the client finds it by default. */
async function useWorkloadIdentity(tokenUrl: string): Promise<void> {
  const pool = "projects/1/locations/global/workloadIdentityPools/p/providers/p";
  const credentials = {
    type: "external_account",
    audience: `//iam.googleapis.com/${pool}`,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: tokenUrl,
    credential_source: { file: join(dir, "subject") },
  };
  await writeFile(join(dir, "subject"), "subject token");
  await writeFile(join(dir, "credentials.json"), JSON.stringify(credentials));
  vi.stubEnv("STORAGE_EMULATOR_HOST", undefined);
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "p");
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(dir, "credentials.json"));
}

test("a workload identity signs our own requests, unless we shall be nobody", async () => {
  await using tokens = await serve((_, response) => {
    const token = { access_token: "secret", token_type: "Bearer", expires_in: 3600 };
    response.setHeader("content-type", "application/json").end(JSON.stringify(token));
  });
  await useWorkloadIdentity(tokens.url);
  const access = await connect("crates", LIMITS);
  expect(access.isAnonymous).toBe(false);
  expect(access.apiUrl).toBe("https://storage.googleapis.com/storage/v1/b/crates");
  expect(await access.authorization()).toMatchObject({ Authorization: "Bearer secret" });
  await access.authorization();
  expect(tokens.requests).toHaveLength(1);

  vi.stubEnv("FORKLIFT_GCS_ANONYMOUS", "1");
  expect(await (await connect("crates", LIMITS)).authorization()).toEqual({});
});

test.each([
  [400, ConfigError],
  [401, ConfigError],
  [503, TryAgainError],
])("a sign-in that is answered %i is the right class of error", async (status, kind) => {
  await using tokens = await serve((_, response) => response.writeHead(status).end("{}"));
  await useWorkloadIdentity(tokens.url);
  const limits = { ...LIMITS, http: { ...LIMITS.http, retriesMax: 0 } };
  await expect(read("x", gcsStore(new URL("gs://crates"), { limits, agent }))).rejects.toThrow(
    kind,
  );
});

test("credentials that are named but missing are a matter of configuration", async () => {
  vi.stubEnv("STORAGE_EMULATOR_HOST", undefined);
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(dir, "nothing.json"));
  await expect(read("x")).rejects.toThrow(ConfigError);
  await expect(namesOf()).rejects.toThrow(/nothing.json/);
});

test("who is nobody is told so before writing", async () => {
  vi.stubEnv("STORAGE_EMULATOR_HOST", undefined);
  vi.stubEnv("FORKLIFT_GCS_ANONYMOUS", "1");
  await expect(store.write("x", body("x"))).rejects.toThrow(/missing credentials/);
  await expect(store.remove("x")).rejects.toThrow(ConfigError);
});

test("an emulator is named by a URL", async () => {
  vi.stubEnv("STORAGE_EMULATOR_HOST", "localhost:9199");
  await expect(read("x")).rejects.toThrow(/expected http:\/\/host:port/);
});

test("the usual limits fit the rules of the service", () => {
  expect(GCS_LIMITS.chunkBytes % QUANTUM).toBe(0);
  expect(GCS_LIMITS.pageObjectsMax).toBeLessThanOrEqual(1000);
});

test.each([
  [
    400,
    "Bucket is a requester pays bucket but no user project provided.",
    "switch requester pays off",
  ],
  [
    403,
    "Object 'crates/x' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until 2027-01-01T00:00:00Z",
    "wait until the retention has ended",
  ],
  [
    403,
    "Object 'crates/x' is under active Temporary hold and cannot be deleted, overwritten or archived until hold is removed.",
    "release the hold",
  ],
])(
  "a rule of the bucket's is told in the service's own sentence: %i %s",
  async (status, message, next) => {
    await store.write("x", body("before"));
    fault({ times: "always", action: { kind: "status", status, message } });
    const told = { name: "ConfigError", hint: expect.stringContaining(next) };
    for (const [doing, work] of [
      ["read", () => read("x")],
      ["write", () => store.write("x", body("after"))],
      ["remove", () => store.remove("x")],
      ["list", () => namesOf()],
      ["replace", () => store.replace("x", Buffer.from("new"), "1")],
    ] as const) {
      await expect(work(), doing).rejects.toMatchObject({
        ...told,
        message: expect.stringMatching(
          new RegExp(`^cannot ${doing} gs://crates.*${message.slice(-40)}`),
        ),
      });
    }
  },
);
