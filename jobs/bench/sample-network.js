// A sample network as the benchmarks use it: made or found, its last night restored, and the options
// of `forklift` commands that name it.

import { readdir } from "node:fs/promises";
import path from "node:path";
import { openScratch } from "@forklift/postgres";
import { forkliftProcess } from "./forklift-process.js";

/** The newest blocks of a sample, above the tip of a job. */
export const PENDING_BLOCKS = 20;

/** @returns {Promise<string>} the folder `out` */
export async function makeSample(out, { blocks, commandsPerBlock, days = 1, accounts = 200 }) {
  const size = [
    ...["--blocks", blocks, "--commands-per-block", commandsPerBlock, "--days", days],
    ...["--accounts", accounts, "--finality", PENDING_BLOCKS],
  ];
  await forkliftProcess(["sample", "--out", out, ...size.map(String)]);
  return out;
}

/** A scratch database with the old archive as it is in the newest dump of a sample. */
export async function restoredSource(server, sample) {
  const source = await openScratch(server.url, "source");
  await forkliftProcess(["restore", "--dump", await newestDump(sample), "--db", source.url]);
  return source;
}

/** The file of it, a gzipped tar. */
export async function newestDump(sample) {
  const dumps = path.join(sample, "dumps");
  return path.join(dumps, (await readdir(dumps)).sort().at(-1));
}

export function presetOf(sample) {
  return path.join(sample, "network.yaml");
}

/** Of the jobs. */
export function configurationOf(sample) {
  return path.join(sample, "forklift.yaml");
}

export function genesisLedgerOf(sample) {
  return path.join(sample, "genesis-ledger.json");
}

/** Where the precomputed blocks of a sample lie. */
export function blocksOf(sample) {
  return path.join(sample, "blocks");
}

/** The options that name the network. */
export function networkOptions(sample) {
  return ["--network", presetOf(sample), "--genesis-ledger", genesisLedgerOf(sample)];
}
