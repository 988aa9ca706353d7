// What the replays of one database took, one for each number of threads, and what follows for machines
// with more cores.

/** Mainnet up to its fork. Its commands per block, internal ones included, are assumed to be ours. */
const MAINNET_BLOCKS = 359_604;

const PROJECTED_CORES = [4, 8, 16];

/** @param replay what `replay-stage.js` prints. */
export function figuresOf({ threads, blocksPerHash }, replay) {
  const { measured, marks, accounts, permutation_us, peakRssMb, profile } = replay;
  const seconds = measured.replayingMs / 1000;
  const hash_seconds = (measured.permutations * permutation_us) / 1e6;
  const processor = processorMsPerBlock(marks);
  return {
    threads,
    blocksPerHash,
    seconds,
    hash_seconds,
    ratio: seconds / hash_seconds,
    peak_rss_mb: peakRssMb,
    us_per_block_at: usPerBlockAt(marks),
    msPerBlock: {
      ...processor,
      hashing: (measured.permutations * replay.permutationProcessorUs) / 1000 / measured.blocks,
      elapsed: (1000 * seconds) / measured.blocks,
    },
    measured,
    accounts,
    permutation_us,
    profile,
  };
}

/** The document of --json, whose names are a contract; those outside of `threads` are of its last. */
export function documentOf(replays) {
  const last = replays.at(-1);
  return {
    blocks: last.measured.blocks,
    commands: last.measured.commands,
    accounts: last.accounts,
    permutations: last.measured.permutations,
    seconds: last.seconds,
    hash_seconds: last.hash_seconds,
    peak_rss_mb: last.peak_rss_mb,
    us_per_block_at: last.us_per_block_at,
    mainnet_projection_minutes: mainnetMinutes(last.msPerBlock.elapsed),
    threads: replays.map(({ threads, blocksPerHash, seconds, msPerBlock, ...replay }) => ({
      ...{ threads, blocks_per_ledger_hash: blocksPerHash, seconds },
      ...{ hash_seconds: replay.hash_seconds, ratio: replay.ratio },
      main_thread_ms_per_block: msPerBlock.mainThread,
      peak_rss_mb: replay.peak_rss_mb,
    })),
  };
}

export function mainnetMinutes(msPerBlock) {
  return (MAINNET_BLOCKS * msPerBlock) / 60_000;
}

/**
 * A projection, nothing measured: milliseconds a block with so many cores, each of which hashes. It is the
 * greatest of what the main thread takes, of the hashing shared out with what its threads do alone, and of all
 * work together, the server's included, shared out.
 */
export function projections({ msPerBlock: { mainThread, otherThreads, server, hashing } }) {
  const alone = Math.max(0, otherThreads - hashing);
  return PROJECTED_CORES.map((cores) => ({
    cores,
    msPerBlock: Math.max(
      mainThread,
      hashing / cores + alone,
      (mainThread + hashing + alone + server) / cores,
    ),
  }));
}

/** From the end of the first batch to that of the last. */
function processorMsPerBlock(marks) {
  const [first, last] = [marks[0], marks.at(-1)];
  const per = (name) => (last[name] - first[name]) / (last.height - first.height);
  const mainThread = per("mainThreadMs");
  return { mainThread, otherThreads: per("processMs") - mainThread, server: per("serverMs") };
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
