// Benchmark of `forklift balance`: the ledger of a block rebuilt from the target's rows and hashed, before a
// question about one account is answered.
//
// npm run bench:balance -- [--json] [--sample FOLDER] [--blocks N] [--accounts N] [--commands-per-block N]

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openScratch, startServer } from "@forklift/postgres";
import { forkliftProcess } from "./forklift-process.js";
import {
  blocksOf,
  genesisLedgerOf,
  makeSample,
  networkOptions,
  presetOf,
  restoredSource,
} from "./sample-network.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    sample: { type: "string" },
    blocks: { type: "string", default: "1000" },
    accounts: { type: "string", default: "100000" },
    "commands-per-block": { type: "string", default: "10" },
  },
});

const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
const server = await startServer({ binaries: "auto" });
try {
  print(await measure());
} finally {
  // The databases go with their server.
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
}

async function measure() {
  const { blocks, accounts, "commands-per-block": commandsPerBlock } = options;
  const made = path.join(scratch, "sample");
  const sample = options.sample ?? (await makeSample(made, { blocks, accounts, commandsPerBlock }));
  const source = await restoredSource(server, sample);
  const target = await openScratch(server.url, "target");
  const places = [...networkOptions(sample), "--target-db", target.url];
  const both = ["--source-db", source.url, "--blocks", blocksOf(sample)];
  const migrated = await forkliftProcess(["migrate", ...places, ...both]);
  await forkliftProcess(["replay", ...places, "--checkpoints", path.join(scratch, "checkpoints")]);

  const { ledger } = JSON.parse(await readFile(genesisLedgerOf(sample), "utf8"));
  const key = ledger.accounts.at(-1).pk;
  const network = ["--network", presetOf(sample), "--target-db", target.url];
  const tip = String(migrated.document.height ?? Number(blocks) - 20);
  const { document, seconds, cpuSeconds, peakRssMb } = await forkliftProcess([
    ...["balance", ...network, "--at", tip, key],
  ]);
  const { block, accountsInLedger: inLedger } = document;
  return { height: block.height, accounts: inLedger, seconds, cpuSeconds, peakRssMb };
}

/** Names of the figures are a contract of --json. */
function print({ height, accounts, seconds, cpuSeconds, peakRssMb }) {
  if (options.json) {
    const more = { cpu_seconds: cpuSeconds, peak_rss_mb: peakRssMb };
    console.log(JSON.stringify({ height, accounts, seconds, ...more }));
    return;
  }
  console.log(`one account out of ${accounts} at height ${height}`);
  console.log(
    `  answered after ${seconds.toFixed(1)} s, ${cpuSeconds?.toFixed(1) ?? "-"} s of processors, peak memory ${peakRssMb ?? "-"} MB`,
  );
}
