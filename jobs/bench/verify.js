// Benchmark of the verification, beside the migration and replay that it checks: of a whole chain,
// of its beginning, and of what a daily job adds.
//
// npm run bench:verify -- [--json] [--sample FOLDER] [--blocks N] [--short N] [--daily-blocks N]
//                         [--commands-per-block N] [--threads N,N,…]
//
// The whole chain is verified with each number of threads; what is printed of one is of the last of them.
//
// Without --sample a sample network is made first; with 50,000 blocks that takes some minutes.

import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openScratch, startServer } from "@forklift/postgres";
import { forkliftProcess } from "./forklift-process.js";
import {
  blocksOf,
  configurationOf,
  makeSample,
  networkOptions,
  restoredSource,
} from "./sample-network.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    sample: { type: "string" },
    blocks: { type: "string", default: "50000" },
    short: { type: "string", default: "5000" },
    "daily-blocks": { type: "string", default: "1500" },
    "commands-per-block": { type: "string", default: "10" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});

const commandsPerBlock = options["commands-per-block"];
const threadNumbers = options.threads.split(",");
const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
const server = await startServer({ binaries: "auto" });
try {
  print({ full: await measureFull(), daily: await measureDaily() });
} finally {
  // The databases go with their server.
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
}

/** One target, migrated and replayed to the short height, then on to the whole; verified at both. */
async function measureFull() {
  const made = path.join(scratch, "sample");
  const sample =
    options.sample ?? (await makeSample(made, { blocks: options.blocks, commandsPerBlock }));
  const source = await restoredSource(server, sample);
  const target = await openScratch(server.url, "target");
  const blocks = ["--blocks", blocksOf(sample)];
  const places = [...networkOptions(sample), "--target-db", target.url];
  const checkpoints = ["--checkpoints", path.join(scratch, "checkpoints")];

  const advance = async (stop) => {
    const both = ["--source-db", source.url, ...blocks, ...stop];
    const migrate = await forkliftProcess(["migrate", ...places, ...both]);
    const replay = await forkliftProcess(["replay", ...places, ...checkpoints, ...stop]);
    return { migrate: migrate.seconds, replay: replay.seconds };
  };
  const verify = async (threads) => {
    const both = ["--source-db", source.url, ...blocks, "--threads", threads];
    return await forkliftProcess(["verify", ...places, ...both, "--full"]);
  };
  const begun = await advance(["--stop-at-height", options.short]);
  const short = await verify(threadNumbers.at(-1));
  const grown = await advance([]);
  const verifications = [];
  for (const threads of threadNumbers) verifications.push(await verify(threads));
  const whole = verifications.at(-1);
  const { tip, rowCounts, coverage } = whole.document;
  const msPerBlock = (seconds) => seconds && (1000 * seconds) / rowCounts.blocks;
  return {
    blocks: rowCounts.blocks,
    commands: rowCounts.blocks_user_commands + rowCounts.blocks_internal_commands,
    columns: coverage.columns,
    proven: coverage.proven,
    migrate_seconds: begun.migrate + grown.migrate,
    replay_seconds: begun.replay + grown.replay,
    seconds: whole.seconds,
    threads: verifications.map(({ seconds, mainThreadSeconds, threadsSeconds }, at) => ({
      ...{ threads: Number(threadNumbers[at]), seconds },
      main_thread_ms_per_block: msPerBlock(mainThreadSeconds),
      all_threads_ms_per_block: msPerBlock(threadsSeconds),
    })),
    peak_rss_mb: { [short.document.tip.height]: short.peakRssMb, [tip.height]: whole.peakRssMb },
  };
}

/** The second of two nights, in the stages of the daily job as it timed them itself. */
async function measureDaily() {
  const sample = path.join(scratch, "daily");
  await makeSample(sample, { blocks: options["daily-blocks"], commandsPerBlock, days: 2 });
  const dumps = path.join(sample, "dumps");
  const tonight = (await readdir(dumps)).sort().at(-1);
  const config = ["--config", configurationOf(sample)];
  await rename(path.join(dumps, tonight), path.join(sample, tonight));
  const prime = await forkliftProcess(["prime", ...config]);
  await rename(path.join(sample, tonight), path.join(dumps, tonight));
  const { document } = await forkliftProcess(["daily", ...config]);
  const secondsOf = (...ids) =>
    document.stages
      .filter(({ stage }) => ids.includes(stage))
      .reduce((sum, { elapsedMs }) => sum + elapsedMs / 1000, 0);
  return {
    blocks: document.height - prime.document.height,
    blocks_before: prime.document.height,
    migrate_seconds: secondsOf("preflight", "copy-blocks", "build-indexes"),
    replay_seconds: secondsOf("replay-commands"),
    seconds: secondsOf("verify-target"),
  };
}

/** Names of the figures are a contract of --json. */
function print(figures) {
  if (options.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  const row = (name, value, unit = "") => {
    console.log(`${name.padEnd(52)}${String(value).padStart(9)} ${unit}`.trimEnd());
  };
  const timesOf = ({ migrate_seconds, replay_seconds, seconds }) => {
    row("migrate", migrate_seconds.toFixed(1), "s");
    row("replay", replay_seconds.toFixed(1), "s");
    row("verify", seconds.toFixed(1), "s");
    row("  against migrate and replay", (seconds / (migrate_seconds + replay_seconds)).toFixed(2));
  };
  const { full, daily } = figures;
  console.log(`${full.blocks} blocks, ${full.commands} commands, at once`);
  timesOf(full);
  for (const { threads, seconds, ...each } of full.threads) {
    row(`verify with ${threads} threads`, seconds.toFixed(1), "s");
    row(
      "  of a processor, each block: main thread",
      each.main_thread_ms_per_block?.toFixed(2),
      "ms",
    );
    row("  all threads", each.all_threads_ms_per_block?.toFixed(2), "ms");
  }
  row("columns proven", `${full.proven}/${full.columns}`);
  for (const [height, peak] of Object.entries(full.peak_rss_mb)) {
    row(`  peak memory at height ${height}`, peak ?? "-", "MB");
  }
  console.log(`${daily.blocks} blocks in a daily job, on top of ${daily.blocks_before}`);
  timesOf(daily);
}
