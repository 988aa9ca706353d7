// A sample network as the benchmarks use it: made or found, its last night restored, and the options
// by which `forklift` commands are told of it.

import { readdir } from "node:fs/promises";
import path from "node:path";
import { openScratch } from "@forklift/postgres";
import { forkliftProcess } from "./forklift-process.js";

/** @returns {Promise<string>} the folder `out` */
export async function makeSample(out, { blocks, commandsPerBlock, days = 1 }) {
  const size = ["--blocks", blocks, "--commands-per-block", commandsPerBlock, "--days", days];
  await forkliftProcess(["sample", "--out", out, ...size.map(String)]);
  return out;
}

/** A scratch database with the old archive as it is in the newest dump of a sample. */
export async function restoredSource(server, sample) {
  const source = await openScratch(server.url, "source");
  const dumps = path.join(sample, "dumps");
  const dump = path.join(dumps, (await readdir(dumps)).sort().at(-1));
  await forkliftProcess(["restore", "--dump", dump, "--db", source.url]);
  return source;
}

export function presetOf(sample) {
  return path.join(sample, "network.yaml");
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
