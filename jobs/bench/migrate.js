// Benchmark of the migration: its time and memory, beside baselines for the same rows.
//
// npm run bench:migrate -- [--json] [--sample FOLDER] [--blocks N] [--commands-per-block N]
//
// Without --sample a sample network is made first; with 50,000 blocks that takes some minutes.

import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openScratch, startServer } from "@forklift/postgres";
import { dumpSeconds, pipeSeconds } from "./bare-copies.js";
import { copySeconds } from "./copy-stage.js";
import { forkliftProcess } from "./forklift-process.js";
import {
  blocksOf,
  genesisLedgerOf,
  makeSample,
  networkOptions,
  presetOf,
  restoredSource,
} from "./sample-network.js";
import { verifiedBlocks } from "./verified-blocks.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    sample: { type: "string" },
    blocks: { type: "string", default: "50000" },
    "commands-per-block": { type: "string", default: "10" },
    "fetched-blocks": { type: "string", default: "10000" },
  },
});

const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
try {
  const size = { blocks: options.blocks, commandsPerBlock: options["commands-per-block"] };
  print(await measure(options.sample ?? (await makeSample(path.join(scratch, "sample"), size))));
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function measure(sample) {
  const server = await startServer({ binaries: "auto" });
  try {
    return await measureOn(server, sample);
  } finally {
    // The databases go with their server.
    await server[Symbol.asyncDispose]();
  }
}

async function measureOn(server, sample) {
  const source = await restoredSource(server, sample);
  const migrated = await openScratch(server.url, "migrated");
  const migrate = await forkliftProcess([
    ...["migrate", ...networkOptions(sample), "--blocks", blocksOf(sample)],
    ...["--source-db", source.url, "--target-db", migrated.url],
  ]);

  const { verified, verify } = await verifiedBlocks(blocksOf(sample));
  const target = await openScratch(server.url, "target");
  const seconds = await copySeconds({
    sourceUrl: source.url,
    targetUrl: target.url,
    preset: presetOf(sample),
    genesisLedgerUrl: genesisLedgerOf(sample),
    verified,
  });
  const piped = await openScratch(server.url, "piped");
  const pipe = await pipeSeconds(target.url, piped.url, { buildsIndexesLast: false });
  const pipedLast = await openScratch(server.url, "pipedlast");
  const pipeLast = await pipeSeconds(target.url, pipedLast.url, { buildsIndexesLast: true });
  const dumped = await openScratch(server.url, "dumped");
  return {
    copy: {
      rows: pipe.rows,
      seconds,
      pipe_seconds: pipe.seconds,
      pipe_indexes_last_seconds: pipeLast.seconds,
      pg_dump_psql_seconds: await dumpSeconds(source.url, dumped.url),
      peak_rss_mb: migrate.peakRssMb,
    },
    verify,
    fetch: fetchFigures(),
    migrate: { seconds: migrate.seconds },
  };
}

function fetchFigures() {
  const program = path.join(import.meta.dirname, "../../packages/precomputed/bench/fetch.js");
  const args = [program, "--json", "--blocks", options["fetched-blocks"]];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })).fetch;
}

/** Names of the figures are a contract of --json. */
function print(figures) {
  if (options.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  const { copy, verify, fetch, migrate } = figures;
  const row = (name, value, unit) => {
    const text = value === null ? "-" : value.toFixed(unit === "s" ? 1 : 2);
    console.log(`${name.padEnd(52)}${text.padStart(9)} ${unit}`);
  };
  console.log(`${copy.rows} rows, ${verify.blocks} blocks, ${verify.commands} commands`);
  row("copy and indexes, blocks verified beforehand", copy.seconds, "s");
  row("COPY piped into COPY, into the same indexes", copy.pipe_seconds, "s");
  row("  ratio", copy.seconds / copy.pipe_seconds, "");
  row("COPY piped into COPY, indexes built after", copy.pipe_indexes_last_seconds, "s");
  row("  ratio", copy.seconds / copy.pipe_indexes_last_seconds, "");
  row("pg_dump | psql of the source", copy.pg_dump_psql_seconds, "s");
  row("blocks verified on one thread", verify.seconds, "s");
  row("  their permutations and digests alone", verify.digest_seconds, "s");
  row("  ratio", verify.seconds / verify.digest_seconds, "");
  row(`${fetch.blocks} blocks fetched and verified`, fetch.seconds, "s");
  row("  fetched as they are", fetch.bare_seconds, "s");
  row("  ratio", fetch.seconds / fetch.bare_seconds, "");
  row("forklift migrate", migrate.seconds, "s");
  row(
    "  against copy and half of verify",
    migrate.seconds / (copy.seconds + verify.seconds / 2),
    "",
  );
  row("  peak memory", copy.peak_rss_mb, "MB");
}
