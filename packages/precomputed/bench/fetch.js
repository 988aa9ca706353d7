// What checking blocks costs: ten thousand small ones from a web server on this machine, fetched as
// they are, and fetched and verified. Beside it, what one thread verifies in that time, and how much
// of that is the cryptography that no check of the same blocks can do without.
//
// node packages/precomputed/bench/fetch.js [--json] [--blocks N], after a build.

import { fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { parseBlockFileName } from "@forklift/chain";
import pMap from "p-map";
import { Agent, request } from "undici";
import { openBlockSources, verifyBlocks } from "../dist/index.js";
import { readBlockFiles, withBlockFolder } from "./block-files.js";
import { CryptoSpeed } from "./crypto-speed.js";

const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, blocks: { type: "string", default: "10000" } },
});
const BLOCKS = Number(options.blocks);

/** As many as `fetchAll` has under way. */
const CONCURRENCY = 16;

/** As many as a thread verifies side by side. */
const BLOCKS_AT_ONCE = 4;

/** In turn, so that a busy moment of the machine hits both; the fastest counts. */
const ROUNDS = 3;

const { files, server, port } = await withBlockFolder(async (folder) => {
  const forked = fork(path.join(import.meta.dirname, "block-server.js"), [folder]);
  const [address] = await once(forked, "message");
  return { files: await readBlockFiles(folder), server: forked, port: address };
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
  const sources = await openBlockSources({ urls: [url], network, scratchDirectory: tmpdir() });
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
  return { blocks: BLOCKS, seconds: verified, bare_seconds: bare };
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

/** Names of the figures are a contract of --json. */
const figures = { fetch: await measureFetch(), verify: await measureVerify() };

if (options.json) {
  console.log(JSON.stringify(figures));
} else {
  const { fetch, verify } = figures;
  const row = (name, seconds) => console.log(`${name.padEnd(44)}${seconds.toFixed(2)} s`);
  console.log(`${BLOCKS} blocks of ${network} with ${verify.commands} commands`);
  row("fetched as they are", fetch.bare_seconds);
  row("fetched and verified", fetch.seconds);
  console.log(`${"ratio".padEnd(44)}${(fetch.seconds / fetch.bare_seconds).toFixed(2)}`);
  row("verified by one thread", verify.seconds);
  row("  of which permutations and digests alone", verify.digest_seconds);
}
