// An upload and a download of a large object hold a bounded amount of memory.
// @module-tag only-in-all

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const EMULATOR = fileURLToPath(new URL("../../testkit/dist/gcs-emulator/main.js", import.meta.url));

/** A gigabyte takes a quarter of a minute; who is in a hurry may move less. */
const OBJECT_MIB = Number(process.env["FORKLIFT_TEST_OBJECT_MIB"] ?? 1024);

/**
 * The bar for one upload and one download of a gigabyte. Node 24 keeps more young garbage before it
 * collects, whatever a program does; there the growth levels off at 85 MiB for any size.
 */
const GROWTH_MIB_MAX = Number.parseInt(process.versions.node, 10) < 24 ? 64 : 96;

interface Child extends AsyncDisposable {
  /** The first line of its output. */
  readonly line: string;
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Child> {
  const child = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  return {
    line: `${line}`,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

test(`moving ${OBJECT_MIB} MiB there and back takes no more than ${GROWTH_MIB_MAX} MiB of memory`, async () => {
  const dir = await mkdtemp(join(tmpdir(), "forklift-gcs-"));
  try {
    await mkdir(join(dir, "crates"));
    await using emulator = await run([EMULATOR, "--dir", dir]);
    const { url } = JSON.parse(emulator.line) as { url: string };
    await using mover = await run(["--input-type=module", "-e", MOVER], {
      STORAGE_EMULATOR_HOST: url,
      OBJECT_MIB: `${OBJECT_MIB}`,
    });
    const moved = JSON.parse(mover.line) as Record<"uploadMib" | "downloadMib" | "bytes", number>;
    console.log(`memory growth of the process: ${mover.line}`);
    expect(moved.bytes).toBe(OBJECT_MIB * 2 ** 20);
    expect(moved.uploadMib).toBeLessThanOrEqual(GROWTH_MIB_MAX);
    expect(moved.downloadMib).toBeLessThanOrEqual(GROWTH_MIB_MAX);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

/** Peaks of the resident set, above what the process had after it loaded everything it needs. */
const MOVER = `
  import { randomBytes } from "node:crypto";
  import { openStore } from "@forklift/storage";
  import { peakMemory } from "@forklift/system";
  const store = openStore("gs://crates/");
  async function* content(mebibytes) {
    for (let n = 0; n < mebibytes; n++) yield randomBytes(2 ** 20);
  }
  async function read(name) {
    let bytes = 0;
    for await (const chunk of (await store.open(name)).stream) bytes += chunk.length;
    return bytes;
  }
  const peakMib = () => peakMemory() / 2 ** 20;
  await store.write("small", content(1));
  await read("small");
  const before = process.memoryUsage.rss() / 2 ** 20;
  let started = performance.now();
  const seconds = () => Math.round(performance.now() - started) / 1000;
  await store.write("large", content(Number(process.env.OBJECT_MIB)));
  const uploadMib = Math.round(peakMib() - before);
  const uploadSeconds = seconds();
  started = performance.now();
  const bytes = await read("large");
  const downloadMib = Math.round(peakMib() - before);
  console.log(JSON.stringify({ before: Math.round(before), uploadMib, downloadMib, bytes,
    uploadSeconds, downloadSeconds: seconds() }));
`;
