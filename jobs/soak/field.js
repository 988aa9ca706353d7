// The environment of the soak test: a sample network, its nights, buckets that err, a server, a
// webhook for notices, and the same jobs without any fault to compare with.

import { once } from "node:events";
import { mkdir, readdir, rename } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { createDatabase, startServer, urlWithDatabase } from "@forklift/postgres";
import { makeSample } from "@forklift/sample";
import { startGcsEmulator } from "../../packages/testkit/dist/gcs-emulator/index.js";
import { loadConfig } from "../dist/config/load-config.js";

/** A day of mainnet has some 200; fewer make the same decisions. */
const BLOCKS_PER_DAY = 6;
const FINALITY = 5;

export async function openField(home, { days, seed, errorRate }) {
  const network = path.join(home, "network");
  await makeSample(
    {
      ...{ seed, days, finality: FINALITY, accounts: 30, commandsPerBlock: 2 },
      blocks: FINALITY + BLOCKS_PER_DAY * days + 1,
    },
    network,
  );
  const buckets = path.join(home, "buckets");
  await mkdir(buckets);
  await rename(path.join(network, "blocks"), path.join(buckets, "soak-blocks"));
  await rename(path.join(network, "dumps"), path.join(home, "nights"));
  const emulator = await startGcsEmulator({ dir: buckets });
  process.env.STORAGE_EMULATOR_HOST = emulator.url;
  await emulator.createBucket("soak-dumps");
  await emulator.createBucket("soak-sets");
  const server = await startServer({ binaries: "auto" });
  await createDatabase(server.url, "calm");
  const notices = await openNotices();
  const common = {
    "postgres.url": server.url,
    "replay.checkpointIntervalBlocks": "5",
  };
  return {
    emulator,
    errors: { seed, rate: errorRate },
    server,
    notices,
    setsFolder: path.join(buckets, "soak-sets"),
    dumpsFolder: path.join(buckets, "soak-dumps"),
    nightsFolder: path.join(home, "nights"),
    nights: (await readdir(path.join(home, "nights"))).sort(),
    config: await configOf(network, {
      ...common,
      "source.dumps": "gs://soak-dumps/",
      "target.store": "gs://soak-sets/",
      blocks: "gs://soak-blocks/",
      "cache.dir": path.join(home, "cache"),
      "notify.webhook": notices.url,
      "schedule.waitForDumpMinutes": "0",
    }),
    calm: await configOf(network, {
      ...common,
      "source.dumps": path.join(buckets, "soak-dumps/"),
      "target.store": path.join(home, "calm/"),
      "target.database": urlWithDatabase(server.url, "calm"),
      blocks: path.join(buckets, "soak-blocks/"),
    }),
    /** Digests of the tables by the name of the set, of undisturbed runs. */
    expected: new Map(),
  };
}

export async function closeField({ emulator, server, notices }) {
  notices.close();
  await emulator[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
}

async function configOf(network, settings) {
  const { config } = await loadConfig({
    file: path.join(network, "forklift.yaml"),
    settings: Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    environment: {},
  });
  return config;
}

/** The operator's chat: keeps the notices that it receives. */
async function openNotices() {
  const received = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    received.push(JSON.parse(text));
    response.writeHead(200).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    received,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
