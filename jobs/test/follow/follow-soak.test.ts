// `follow` for a while on a source that grows, while its process, the source's server and the bucket of blocks come and
// go: a minute of it in the quick suite, three more in the whole one.

import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createDatabase, startServer, urlWithDatabase } from "@forklift/postgres";
import {
  openGrowingSource,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { expect, test } from "vitest";
import { openBlockBucket } from "./block-bucket.ts";
import { digestsAtOnce, digestsOf } from "./living-source.ts";
import { followSoak, type Soaked, type SoakOptions } from "./soak.ts";

/** Short, and such that a cycle on an idle machine is shorter. */
const INTERVAL_SECONDS = 4;
const FINALITY = 4;

const SIZES = {
  ...{ blocks: 5_000, days: 1, seed: 20, finality: FINALITY, accounts: 30, commandsPerBlock: 1 },
  // As long as a fork can be: its tip is the highest block until the chain has overtaken it.
  forkLength: (height: number) => (height % 5 === 0 ? 1 + (height % FINALITY) : 0),
};

/** A fork every five heights; in turn a kill, a restart of the source's server, a bucket that is away. */
const MINUTE: SoakOptions = {
  durationMs: 60_000,
  blockEveryMs: 2_500,
  disturbanceEveryMs: 18_000,
};

async function soak(options: SoakOptions): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-follow-soak-"));
  // A server of our own may run as another user.
  await chmod(home, 0o755);
  const temporary = path.join(home, "tmp");
  await mkdir(temporary);
  const startSource = () => startServer({ binaries: "auto", keptIn: path.join(home, "pg") });
  let server = await startSource();
  await using _end = {
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
  await createDatabase(server.url, "growing");
  const url = urlWithDatabase(server.url, "growing");
  await using source = await openGrowingSource({ ...SIZES, url });
  await source.grow(FINALITY + 4);
  await using bucket = await openBlockBucket(source.blocks);
  await using target = await openTestDatabase();
  const metricsPort = await freePort();
  const config = path.join(home, "forklift.yaml");
  // JSON is YAML.
  const content = {
    network: path.join(source.folder, "network.yaml"),
    genesisLedger: path.join(source.folder, "genesis-ledger.json"),
    source: { database: url },
    target: { store: path.join(home, "store"), database: target.url },
    blocks: [bucket.url],
    work: { dir: path.join(home, "work") },
    metrics: { port: metricsPort },
    follow: { intervalSeconds: INTERVAL_SECONDS },
  };
  await writeFile(config, JSON.stringify(content));
  const soaked = await followSoak(
    {
      ...{ source, bucket, config, metricsPort, temporary },
      canonicalHeight: () => canonicalHeightOf(url),
      async restartSource() {
        await server[Symbol.asyncDispose]();
        server = await startSource();
      },
    },
    options,
  );
  expectKeptUp(soaked);
  expect(await digestsOf(target)).toEqual(
    await digestsAtOnce({ database: { url }, network: { folder: source.folder } }, home),
  );
  await expectNothingLeft({ url, target, home });
}

test("for a minute, whatever comes and goes, follow is never more than two intervals behind, and ends with the rows of a prime at once", {
  timeout: 10 * 60_000,
}, async () => {
  await soak(MINUTE);
});

test("the same for three minutes, with a kill every 45 seconds", {
  tags: ["only-in-all"],
  timeout: 30 * 60_000,
}, async () => {
  await soak({ durationMs: 180_000, blockEveryMs: 700, disturbanceEveryMs: 15_000 });
});

function expectKeptUp(soaked: Soaked): void {
  const { heights, exits, cycles, disturbances, samples, behindMsMax } = soaked;
  const kinds = new Set(disturbances.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(["bucket is away", "kill", "source restarts"]);
  expect(heights.target).toBe(heights.source);
  const kills = disturbances.filter(({ kind }) => kind === "kill").length;
  expect(exits).toEqual([...Array(kills).fill(null), 0]);
  expect(samples).toBeGreaterThan(0);
  for (const { source } of cycles) expect(source.statements).toBeGreaterThan(0);
  // A cycle that takes longer than its interval, as on a machine that does other things, is one.
  const longestMs = Math.max(...cycles.map(({ elapsedMs }) => elapsedMs));
  expect(behindMsMax).toBeLessThanOrEqual(2 * Math.max(INTERVAL_SECONDS * 1_000, longestMs));
}

async function canonicalHeightOf(url: string): Promise<number> {
  await using session = await openTestSession({ url });
  const [row] = await session.query<{ height: number }>(
    "select max(height)::int as height from blocks where chain_status = 'canonical'",
  );
  return row!.height;
}

interface Left {
  readonly url: string;
  readonly target: TestDatabase;
  readonly home: string;
}

async function expectNothingLeft({ url, target, home }: Left): Promise<void> {
  expect(await readdir(path.join(home, "tmp"))).toEqual([]);
  for (const folder of ["store", "work"]) {
    const files = await readdir(path.join(home, folder), { recursive: true });
    expect(files.filter((name) => /\.(partial|lock)$/.test(name))).toEqual([]);
  }
  for (const database of [url, target.url]) {
    await using session = await openTestSession({ url: database });
    const rows = await session.query(
      `select application_name, state from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    expect(rows).toEqual([]);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}
