// What `replay.js` prints for people.

import { mainnetMinutes, projections } from "./replay-figures.js";

/** Parts of the main thread's time that are printed. */
const PARTS_MAX = 24;

export function printReplays(replays) {
  const { measured, accounts } = replays[0];
  console.log(`${measured.blocks} blocks, ${measured.commands} commands, ${accounts} accounts`);
  for (const replay of replays) printReplay(replay, replays[0]);
  printProjections(replays.at(-1));
}

function printReplay(replay, first) {
  const { seconds, hash_seconds, permutation_us, measured, msPerBlock } = replay;
  const share = (ms) => `${Math.round((100 * ms) / measured.replayingMs)}`;
  console.log(`\n${titleOf(replay)}`);
  row("replay", seconds.toFixed(1), "s");
  row("its permutations on one thread", hash_seconds.toFixed(1), "s");
  row(`  ${permutation_us.toFixed(2)} us each, permutations`, String(measured.permutations));
  row("  ratio", replay.ratio.toFixed(2));
  if (replay !== first) {
    const speedUp = (first.seconds / seconds).toFixed(2);
    row(`speed-up over ${titleOf(first)}`, speedUp);
  }
  row("blocks", (measured.blocks / seconds).toFixed(0), "/s");
  row("commands", (measured.commands / seconds).toFixed(0), "/s");
  row("processor time of a block: main thread", msPerBlock.mainThread.toFixed(2), "ms");
  row("  other threads, hashes and checkpoints", msPerBlock.otherThreads.toFixed(2), "ms");
  row("  its permutations", msPerBlock.hashing.toFixed(2), "ms");
  row("  PostgreSQL", msPerBlock.server.toFixed(2), "ms");
  row("the main thread waits for hashes, or hashes", share(measured.hashingMs), "% of the time");
  row("  writes to PostgreSQL", share(measured.writingMs), "%");
  row("  waits for blocks from PostgreSQL", share(measured.readingMs), "%");
  row("  waits for checkpoints, or encodes them", share(measured.checkpointsMs), "%");
  for (const [height, us] of Object.entries(replay.us_per_block_at)) {
    row(`a block near height ${height}`, String(us), "us");
  }
  row("peak memory", String(replay.peak_rss_mb), "MB");
  row("mainnet, with as many commands", mainnetMinutes(msPerBlock.elapsed).toFixed(0), "min");
  if (replay.profile !== null) printParts(replay.profile, measured.blocks);
}

function titleOf({ threads, blocksPerHash }) {
  const workers = threads === 1 ? "one thread" : `${threads} threads`;
  return blocksPerHash === 1 ? workers : `${workers}, one ledger hash in ${blocksPerHash} blocks`;
}

function printParts(profile, blocks) {
  console.log("where the main thread runs, of a block; the processor may be with others meanwhile");
  for (const [part, ms] of Object.entries(profile).slice(0, PARTS_MAX)) {
    row(`  ${part}`, (ms / blocks).toFixed(3), "ms");
  }
}

function printProjections(replay) {
  console.log("\nmore cores, a projection from the last replay and nothing measured");
  for (const { cores, msPerBlock } of projections(replay)) {
    row(`  ${cores} cores: a block`, msPerBlock.toFixed(2), "ms");
    row("    mainnet, with as many commands", mainnetMinutes(msPerBlock).toFixed(0), "min");
  }
}

function row(name, value, unit = "") {
  console.log(`${name.padEnd(52)}${value.padStart(11)} ${unit}`.trimEnd());
}
