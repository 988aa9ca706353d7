// What a replay takes, database to database and with a ledger hash after every block, beside the
// hashing that it cannot do without.
//
// npm run bench:replay -- [--json] [--blocks N] [--accounts N] [--commands-per-block N] [--threads N]
//                         [--sample FOLDER]
//
// The migrated database is made by `replay-database.js`, or migrated from a sample network that is
// there already. The replay is that of `forklift replay`, in a process of its own, whose memory is
// what the operating system says of it. Times begin when the ledger to start from is in memory.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openScratch, startServer } from "@forklift/postgres";
import { forkliftProcess } from "./forklift-process.js";
import { makeMigratedDatabase } from "./replay-database.js";
import { blocksOf, networkOptions, presetOf, restoredSource } from "./sample-network.js";

/** Mainnet up to its fork. Its commands per block, internal ones included, are assumed to be ours. */
const MAINNET_BLOCKS = 359_604;

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    sample: { type: "string" },
    blocks: { type: "string", default: "50000" },
    accounts: { type: "string", default: "100000" },
    "commands-per-block": { type: "string", default: "10" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});

const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
const server = await startServer({ binaries: "auto" });
try {
  const database = await openScratch(server.url, "migrated");
  const network = options.sample === undefined ? await made(database) : await migrated(database);
  print(figuresOf(await replayProcess(database, network)));
} finally {
  // The databases go with their server.
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
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

async function replayProcess({ url }, network) {
  const program = path.join(import.meta.dirname, "replay-stage.js");
  const args = [program, url, network, options.threads, path.join(scratch, "checkpoints")];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  const exit = await new Promise((resolve) => child.on("close", resolve));
  if (exit !== 0) throw new Error(`the replay ended with ${exit}`);
  return JSON.parse(output);
}

/** The document of --json, whose names are a contract, and what only people read. */
function figuresOf({ measured, marks, accounts, permutation_us, peakRssMb }) {
  const seconds = measured.replayingMs / 1000;
  const usPerBlock = (1e6 * seconds) / measured.blocks;
  return {
    document: {
      blocks: measured.blocks,
      commands: measured.commands,
      accounts,
      permutations: measured.permutations,
      seconds,
      hash_seconds: (measured.permutations * permutation_us) / 1e6,
      peak_rss_mb: peakRssMb,
      us_per_block_at: usPerBlockAt(marks),
      mainnet_projection_minutes: (MAINNET_BLOCKS * usPerBlock) / 60e6,
    },
    measured,
    permutation_us,
  };
}

/** Near a tenth of the chain and near its end: the tenth of all blocks before either. */
function usPerBlockAt(marks) {
  const [first, last] = [marks[0], marks.at(-1)];
  const tenth = (last.height - first.height) / 10;
  const near = (height) => marks.findLast((mark) => mark.height <= height) ?? first;
  return Object.fromEntries(
    [first.height + tenth, last.height].map((height) => {
      const [from, to] = [near(height - tenth), near(height)];
      return [to.height, Math.round((1000 * (to.ms - from.ms)) / (to.height - from.height))];
    }),
  );
}

function print({ document, measured, permutation_us }) {
  if (options.json) {
    console.log(JSON.stringify(document));
    return;
  }
  const row = (name, value, unit) => {
    console.log(`${name.padEnd(52)}${value.padStart(11)} ${unit}`);
  };
  const { blocks, commands, accounts, seconds, hash_seconds } = document;
  const share = (ms) => `${Math.round((100 * ms) / measured.replayingMs)}`;
  console.log(
    `${blocks} blocks, ${commands} commands, ${accounts} accounts, ${options.threads} threads`,
  );
  row("replay", seconds.toFixed(1), "s");
  row("its permutations on one thread", hash_seconds.toFixed(1), "s");
  row(`  ${permutation_us.toFixed(2)} us each, permutations`, String(document.permutations), "");
  row("  ratio", (seconds / hash_seconds).toFixed(2), "");
  row("blocks", (blocks / seconds).toFixed(0), "/s");
  row("commands", (commands / seconds).toFixed(0), "/s");
  row("time of the main thread: hashing, waiting for hashes", share(measured.hashingMs), "%");
  row("  writing to PostgreSQL", share(measured.writingMs), "%");
  row("  waiting for blocks from PostgreSQL", share(measured.readingMs), "%");
  row("  checkpoints", share(measured.checkpointsMs), "%");
  for (const [height, us] of Object.entries(document.us_per_block_at)) {
    row(`a block near height ${height}`, String(us), "us");
  }
  row("peak memory", String(document.peak_rss_mb), "MB");
  const each = (commands / blocks).toFixed(1);
  const minutes = document.mainnet_projection_minutes.toFixed(0);
  row(`mainnet's ${MAINNET_BLOCKS} blocks, with ${each} commands each`, minutes, "min");
}
