// What checking blocks costs: ten thousand small ones from a web server on this machine, fetched as
// they are, and fetched and verified. Beside it, what one thread verifies in that time, and how much
// of that is the cryptography that no check of the same blocks can do without.
//
// node packages/precomputed/bench/fetch.js [--json] [--blocks N] [--bytes-per-block N] [--threads N], after
// a build. With 600000 bytes they are as large as those of mainnet's last months, nearly all proofs.

import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { parseBlockFileName } from "@forklift/chain";
import pMap from "p-map";
import { Agent, request } from "undici";
import { openBlockSources, verifyBlocks } from "../dist/index.js";
import { readBlockFiles, withBlockFolder } from "./block-files.js";
import { CryptoSpeed } from "./crypto-speed.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    blocks: { type: "string", default: "10000" },
    "bytes-per-block": { type: "string", default: "0" },
    threads: { type: "string", default: `${Math.min(availableParallelism(), 4)}` },
  },
});
const BLOCKS = Number(options.blocks);
const BYTES_PER_BLOCK = Number(options["bytes-per-block"]);
const THREADS = Number(options.threads);

/** Of the verification on one thread, shared out, that it may take beside the bare fetch. */
const BAR_SHARE = 1.25;

/** As many as `fetchAll` has under way. */
const CONCURRENCY = 16;

/** As many as a thread verifies side by side. */
const BLOCKS_AT_ONCE = 4;

/** In turn, so that a busy moment of the machine hits both; the fastest counts. */
const ROUNDS = 3;

const { files, server, port } = await withBlockFolder(async (folder) => {
  const forked = fork(path.join(import.meta.dirname, "block-server.js"), [
    folder,
    `${BYTES_PER_BLOCK}`,
  ]);
  const [address] = await once(forked, "message");
  return { files: await readBlockFiles(folder, BYTES_PER_BLOCK), server: forked, port: address };
});
const { network } = parseBlockFileName([...files.keys()][0]);
const names = Array.from({ length: BLOCKS }, (_, at) => [...files.keys()][at % files.size]);

async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function fetchBare(url) {
  const agent = new Agent({ connections: CONCURRENCY });
  await pMap(
    names,
    async (name) => {
      const { statusCode, body } = await request(`${url}/${name}`, { dispatcher: agent });
      const bytes = await body.arrayBuffer();
      if (statusCode !== 200 || bytes.byteLength !== files.get(name).length) {
        throw new Error(`${name}: ${statusCode}, ${bytes.byteLength} bytes`);
      }
    },
    { concurrency: CONCURRENCY },
  );
  await agent.close();
}

async function fetchVerified(url) {
  const sources = await openBlockSources({
    ...{ urls: [url], network, scratchDirectory: tmpdir() },
    threads: THREADS,
  });
  let count = 0;
  for await (const _ of sources.fetchAll(names.map(parseBlockFileName))) count++;
  await sources[Symbol.asyncDispose]();
  if (count !== BLOCKS) throw new Error(`${count} blocks, expected ${BLOCKS}`);
}

async function measureFetch() {
  const url = `http://127.0.0.1:${port}`;
  let [bare, verified] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    bare = Math.min(bare, await timed(() => fetchBare(url)));
    verified = Math.min(verified, await timed(() => fetchVerified(url)));
  }
  server.disconnect();
  return { seconds: verified, bare_seconds: bare };
}

async function measureVerify() {
  const claims = names.map((name) => ({ bytes: files.get(name), id: parseBlockFileName(name) }));
  const crypto = new CryptoSpeed();
  let [seconds, commands] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    commands = 0;
    crypto.measure();
    seconds += await timed(() => {
      for (let at = 0; at < claims.length; at += BLOCKS_AT_ONCE) {
        for (const verdict of verifyBlocks(claims.slice(at, at + BLOCKS_AT_ONCE))) {
          if (verdict instanceof Error) throw verdict;
          commands += verdict.userCommands.length + verdict.internalCommands.length;
        }
      }
    });
  }
  const digest_seconds = crypto.seconds(BLOCKS, commands);
  return { blocks: BLOCKS, commands, seconds: seconds / ROUNDS, digest_seconds };
}

/** Packed as folders and buckets mostly have them. */
async function measureUnpacking() {
  const packed = [...files.values()].slice(0, 100).map((file) => gzipSync(file));
  const seconds = await timed(() => {
    for (const file of packed) gunzipSync(file);
  });
  return (seconds / packed.length) * BLOCKS;
}

const fetched = await measureFetch();
const verify = await measureVerify();
const one_thread_seconds = verify.seconds;
const bar = (BAR_SHARE * one_thread_seconds) / Math.max(THREADS, 1) + fetched.bare_seconds;
const bytes = names.reduce((sum, name) => sum + files.get(name).length, 0);

/** Names of the figures are a contract of --json. */
const figures = {
  fetch: {
    ...{ blocks: BLOCKS, bytes_per_block: Math.round(bytes / BLOCKS), ...fetched },
    ...{ one_thread_seconds, unpack_seconds: await measureUnpacking(), threads: THREADS, bar },
  },
  verify,
};

if (options.json) {
  console.log(JSON.stringify(figures));
} else {
  const { fetch } = figures;
  const row = (name, seconds) => console.log(`${name.padEnd(44)}${seconds.toFixed(2)} s`);
  const ratio = (name, value) => console.log(`${name.padEnd(44)}${value.toFixed(2)}`);
  console.log(
    `${BLOCKS} blocks of ${network}, ${fetch.bytes_per_block} bytes each, with ${verify.commands} commands`,
  );
  row("fetched as they are", fetch.bare_seconds);
  row(`fetched and verified, ${THREADS} threads`, fetch.seconds);
  ratio("ratio", fetch.seconds / fetch.bare_seconds);
  row("verified by one thread", verify.seconds);
  row("  of which permutations and digests alone", verify.digest_seconds);
  row("  of which decoding and all else", verify.seconds - verify.digest_seconds);
  row("unpacked, had they been packed with gzip", fetch.unpack_seconds);
  row("bar: 1.25 of one thread's, shared, and bare", bar);
  ratio("fetched and verified, in bars", fetch.seconds / bar);
}
