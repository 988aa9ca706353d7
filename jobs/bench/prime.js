// Benchmark of a whole job: one `forklift prime`, from the dump of the old archive to the published set,
// and a `forklift daily` right after it that finds nothing new.
//
// npm run bench:prime -- [--json] [--blocks N] [--accounts N] [--commands-per-block N] [--threads N]
//                        [--large-blocks N] [--sample FOLDER] [--history complete]
//
// With --history complete (or all) the same dump is primed a second time, into a store of its own, with the
// blocks beside the chain: processor time of a block and peak memory are told beside those of the chain alone.
//
// Without --sample a sample network is made first; with 50,000 blocks that takes some twenty minutes.
//
// The projection for mainnet takes what grows with the accounts once, by mainnet's accounts: writing those of
// genesis, reading and hashing them before the first block, and what the replay waits for one checkpoint.
// All the rest it takes by mainnet's blocks, what else grows with accounts included: their share of the verification,
// of the dump and of the set.

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { permutationUs } from "../../packages/ledger/bench/permutation-speed.js";
import { forkliftProcess } from "./forklift-process.js";
import { MAINNET_ACCOUNTS, MAINNET_BLOCKS } from "./mainnet.js";
import { configurationOf, makeSample, PENDING_BLOCKS } from "./sample-network.js";
import { StageProcessors } from "./stage-processors.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    sample: { type: "string" },
    blocks: { type: "string", default: "50000" },
    accounts: { type: "string", default: "100000" },
    "commands-per-block": { type: "string", default: "10" },
    "large-blocks": { type: "string", default: "300" },
    threads: { type: "string", default: String(availableParallelism()) },
    history: { type: "string", default: "canonical" },
  },
});
const threads = Number(options.threads);

/** A prime reads every block to copy it, and again to verify it. */
const READINGS = 2;

/** As those of mainnet's last months. */
const LARGE_BLOCK_BYTES = "600000";

/** Of a stage below it, the time of processors is too coarse to say more. */
const SHORT_SECONDS = 1;

const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
/** Of the benchmark's own: a sample may be measured again and again. */
const store = path.join(scratch, "store");
try {
  print(await measure(options.sample ?? (await madeSample())));
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** So many blocks are canonical. */
async function madeSample() {
  return await makeSample(path.join(scratch, "sample"), {
    blocks: Number(options.blocks) + PENDING_BLOCKS,
    accounts: options.accounts,
    commandsPerBlock: options["commands-per-block"],
  });
}

async function measure(sample) {
  const job = [
    ...["--config", configurationOf(sample), "--set", `replay.threads=${threads}`],
    ...["--set", `target.store=${store}`],
  ];
  const permutationBefore = permutationUs();
  const processors = new StageProcessors();
  const prime = await forkliftProcess(["prime", ...job], { onEvent: processors.see });
  const permutation_us = (permutationBefore + permutationUs()) / 2;
  const daily = await forkliftProcess(["daily", ...job]);
  const accounts = await accountsOf(prime.document);
  const large = largeBlocks();
  const history = options.history === "canonical" ? null : await withBranches(sample, prime);
  const figures = { prime, daily, accounts, permutation_us, large, cpu: processors.seconds };
  return figuresOf({ ...figures, history });
}

/** A prime of the larger history beside that of the chain: what a block takes of a processor, and memory. */
async function withBranches(sample, canonical) {
  const { history } = options;
  const ownStore = path.join(scratch, `store-${history}`);
  const larger = await forkliftProcess([
    ...["prime", "--config", configurationOf(sample), "--history", history],
    ...["--set", `replay.threads=${threads}`, "--set", `target.store=${ownStore}`],
  ]);
  const manifest = JSON.parse(await readFile(path.join(ownStore, larger.document.set), "utf8"));
  const { orphaned, pending } = manifest.beside;
  const blocks = manifest.height + orphaned + pending;
  const cpu_ms_per_block = (1000 * larger.cpuSeconds) / blocks;
  const canonical_cpu_ms_per_block = (1000 * canonical.cpuSeconds) / canonical.document.height;
  return {
    ...{ history, blocks, seconds: larger.seconds, cpu_ms_per_block, canonical_cpu_ms_per_block },
    cpu_ratio: cpu_ms_per_block / canonical_cpu_ms_per_block,
    peak_rss_mb: larger.peakRssMb,
    memory_ratio: larger.peakRssMb / canonical.peakRssMb,
  };
}

/** Those of genesis, and those that blocks have opened. */
async function accountsOf({ stages, set }) {
  const { rowCounts } = JSON.parse(await readFile(path.join(store, set), "utf8"));
  const genesis = stages.find(({ stage }) => stage === "write-genesis-accounts");
  return genesis.rowCount + Number(rowCounts.accounts_created);
}

/** What one thread takes to fetch, unpack and decode blocks of mainnet's size, without the hashing. */
function largeBlocks() {
  const program = path.join(import.meta.dirname, "../../packages/precomputed/bench/fetch.js");
  const sizes = ["--blocks", options["large-blocks"], "--bytes-per-block", LARGE_BLOCK_BYTES];
  const output = execFileSync(process.execPath, [program, "--json", ...sizes], {
    encoding: "utf8",
  });
  const { fetch, verify } = JSON.parse(output);
  const decoding = verify.seconds - verify.digest_seconds;
  return { blocks: fetch.blocks, seconds: fetch.bare_seconds + fetch.unpack_seconds + decoding };
}

/** The document of --json, whose names are a contract, and what only people read. */
function figuresOf({ prime, daily, accounts, permutation_us, large, cpu, history }) {
  const stages = new Map(prime.document.stages.map((report) => [report.stage, report]));
  const { measured, details } = stages.get("replay-commands");
  const { height: blocks } = prime.document;
  const secondsOf = (stage) => stages.get(stage).elapsedMs / 1000;
  const work = (stage) => ({ seconds: secondsOf(stage), cpu_seconds: cpu.get(stage) ?? null });
  const by_accounts = {
    genesis_accounts_seconds: secondsOf("write-genesis-accounts"),
    first_ledger_seconds: measured.startingMs / 1000,
    last_checkpoint_seconds: measured.checkpointsMs / 1000 / details.checkpointsWritten,
  };
  const document = {
    blocks,
    commands: measured.commands,
    accounts,
    threads,
    stages: Object.fromEntries([...stages.keys()].map((stage) => [stage, secondsOf(stage)])),
    seconds: prime.seconds,
    hash_seconds: (measured.permutations * permutation_us) / 1e6,
    cpu_seconds: prime.cpuSeconds,
    peak_rss_mb: prime.peakRssMb,
    by_accounts,
    mainnet_projection_minutes: mainnetMinutes({ blocks, accounts, prime, by_accounts }),
    block_reading_minutes:
      (READINGS * MAINNET_BLOCKS * large.seconds) / large.blocks / threads / 60,
    idle_daily_seconds: daily.seconds,
    replay: work("replay-commands"),
    verification: work("verify-target"),
    ...(history !== null && { history }),
  };
  return { document, cpu, large };
}

/** What grows with the accounts once, the rest by blocks. */
function mainnetMinutes({ blocks, accounts, prime, by_accounts }) {
  const once = Object.values(by_accounts).reduce((sum, seconds) => sum + seconds, 0);
  const byBlocks = ((prime.seconds - once) * MAINNET_BLOCKS) / blocks;
  return (byBlocks + (once * MAINNET_ACCOUNTS) / accounts) / 60;
}

function print({ document, cpu, large }) {
  if (options.json) {
    console.log(JSON.stringify(document));
    return;
  }
  const row = (name, value, unit, cores = "") => {
    console.log(`${name.padEnd(52)}${value.padStart(9)} ${unit.padEnd(3)} ${cores}`.trimEnd());
  };
  const { blocks, commands, accounts, seconds, cpu_seconds } = document;
  const busy = (used, of) =>
    used == null || of < SHORT_SECONDS ? "" : `${(used / of).toFixed(2)} cores busy`;
  console.log(`${blocks} blocks, ${commands} commands, ${accounts} accounts, ${threads} threads`);
  row("prime", seconds.toFixed(1), "s", busy(cpu_seconds, seconds));
  for (const [stage, of] of Object.entries(document.stages)) {
    row(`  ${stage}`, of.toFixed(1), "s", busy(cpu.get(stage), of));
  }
  row("the permutations of the replay on one thread", document.hash_seconds.toFixed(1), "s");
  row("  ratio of the replay", (document.replay.seconds / document.hash_seconds).toFixed(2), "");
  row("peak memory", String(document.peak_rss_mb), "MB");
  const minutes = document.mainnet_projection_minutes.toFixed(0);
  row(`mainnet's ${MAINNET_BLOCKS} blocks, of this size`, minutes, "min");
  for (const [what, of] of Object.entries(document.by_accounts)) {
    row(`  taken once: ${what.replace(/_seconds$/, "").replaceAll("_", " ")}`, of.toFixed(1), "s");
  }
  const reading = document.block_reading_minutes.toFixed(1);
  row("  besides, reading them twice where each has 0.6 MB", reading, "min");
  const each = ((1000 * large.seconds) / large.blocks).toFixed(1);
  row(`    of one thread, each of ${large.blocks}`, each, "ms");
  row("daily without news", document.idle_daily_seconds.toFixed(1), "s");
  if (document.history !== undefined) printHistory(document.history, row);
}

function printHistory(of, row) {
  row(`prime of a ${of.history} history, ${of.blocks} blocks`, of.seconds.toFixed(1), "s");
  row("  processor time of a block", of.cpu_ms_per_block.toFixed(2), "ms");
  row("    of the chain alone", of.canonical_cpu_ms_per_block.toFixed(2), "ms");
  row("    ratio", of.cpu_ratio.toFixed(2), "");
  row("  peak memory", String(of.peak_rss_mb), "MB");
  row("    ratio to the chain alone", of.memory_ratio.toFixed(2), "");
}
