// Benchmark of the replay, database to database and with a ledger hash after every block, beside
// the hashing alone as a baseline.
//
// npm run bench:replay -- [--json] [--blocks N] [--accounts N] [--commands-per-block N]
//                         [--threads N,N,…] [--blocks-per-ledger-hash N,N,…] [--profile]
//                         [--keep-indexes] [--sample FOLDER]
//
// The migrated database is made once by `replay-database.js`, or migrated from a sample network that is
// there already, and replayed from its beginning with each number of threads, in a process of its own, whose
// memory is what the operating system says of it. The replay is that of `forklift replay`, which compares
// every ledger hash, or of a job, which compares one in 32 (`--blocks-per-ledger-hash 1,32` shows both). Times
// begin when the ledger to start from is in memory; those of processors leave out the first batch. With
// --keep-indexes the accounts' tables keep indexes and foreign keys, however many blocks there are.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { connect, openScratch, startServer, urlWithDatabase } from "@forklift/postgres";
import { forkliftProcess } from "./forklift-process.js";
import { makeMigratedDatabase } from "./replay-database.js";
import { documentOf, figuresOf } from "./replay-figures.js";
import { printReplays } from "./replay-table.js";
import { blocksOf, networkOptions, presetOf, restoredSource } from "./sample-network.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    profile: { type: "boolean" },
    "keep-indexes": { type: "boolean" },
    sample: { type: "string" },
    blocks: { type: "string", default: "50000" },
    accounts: { type: "string", default: "100000" },
    "commands-per-block": { type: "string", default: "10" },
    threads: { type: "string", default: String(availableParallelism()) },
    "blocks-per-ledger-hash": { type: "string", default: "1" },
  },
});

const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
const server = await startServer({ binaries: "auto" });
try {
  const database = await openScratch(server.url, "migrated");
  const network = options.sample === undefined ? await made(database) : await migrated(database);
  const replays = [];
  for (const how of waysToReplay()) {
    const { url, drop } = await copyOf(database);
    replays.push(figuresOf(how, await replayProcess(url, network, how)));
    await drop();
  }
  if (options.json) console.log(JSON.stringify(documentOf(replays)));
  else printReplays(replays);
} finally {
  // The databases go with their server.
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
}

function waysToReplay() {
  const numbers = (text) => text.split(",").map(Number);
  return numbers(options.threads).flatMap((threads) =>
    numbers(options["blocks-per-ledger-hash"]).map((blocksPerHash) => ({ threads, blocksPerHash })),
  );
}

async function made({ url }) {
  await makeMigratedDatabase(url, {
    blocks: Number(options.blocks),
    accounts: Number(options.accounts),
    commandsPerBlock: Number(options["commands-per-block"]),
    progress: (text) => console.error(text),
  });
  return "made-up";
}

async function migrated({ url }) {
  const { sample } = options;
  const source = await restoredSource(server, sample);
  await forkliftProcess([
    ...["migrate", ...networkOptions(sample), "--blocks", blocksOf(sample)],
    ...["--source-db", source.url, "--target-db", url],
  ]);
  return presetOf(sample);
}

/** For one replay, which begins in it anew; byte by byte, so that nothing of it is in the server's memory. */
async function copyOf({ name }) {
  const copy = "replayed";
  await asAdmin(`create database ${copy} template ${name} strategy file_copy`);
  return {
    url: urlWithDatabase(server.url, copy),
    drop: () => asAdmin(`drop database ${copy} with (force)`),
  };
}

async function asAdmin(sql) {
  const session = await connect(server.url, { applicationName: "bench" });
  await session.query(sql);
  await session.close();
}

async function replayProcess(url, network, { threads, blocksPerHash }) {
  const program = path.join(import.meta.dirname, "replay-stage.js");
  const checkpoints = path.join(scratch, `checkpoints-${threads}-${blocksPerHash}`);
  const args = [program, url, network, String(threads), String(blocksPerHash), checkpoints];
  if (options.profile) args.push("profiled");
  if (options["keep-indexes"]) args.push("keep-indexes");
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  const exit = await new Promise((resolve) => child.on("close", resolve));
  if (exit !== 0) throw new Error(`the replay ended with ${exit}`);
  return JSON.parse(output);
}
