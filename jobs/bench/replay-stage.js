// The process that `replay.js` measures: the stage of `forklift replay` on one database.

import { pathToFileURL } from "node:url";
import { progressMarks } from "@forklift/archive";
import { loadNetwork } from "@forklift/network";
import { runStages } from "@forklift/pipeline";
import { connect } from "@forklift/postgres";
import { REPLAY_DEFAULTS, replayCommands } from "@forklift/replayer";
import { openStore } from "@forklift/storage";
import { peakMemory } from "@forklift/system";
import { limitHeapGrowth } from "../../packages/console/dist/heap-growth.js";
import {
  PERMUTATIONS_TIMED,
  permutationUs,
} from "../../packages/ledger/bench/permutation-speed.js";
import { madeUpNetwork } from "./replay-database.js";
import { profileThread } from "./thread-profile.js";
import { processMs, serverMs, threadMs } from "./thread-time.js";

limitHeapGrowth();

const BYTES_PER_MB = 2 ** 20;

const [url, networkName, threads, blocksPerLedgerHash, checkpoints, ...asked] =
  process.argv.slice(2);
const target = await connect(url, { applicationName: "bench" });
const targetReader = await connect(url, { applicationName: "bench", readOnly: true });
const [{ pid }] = await target.query("select pg_backend_pid() as pid");
const before = permutationTimes();
const marks = [];
let endProfile = () => null;

/** What a permutation takes by the clock and of a processor, in microseconds. */
function permutationTimes() {
  const startMs = threadMs();
  const elapsed = permutationUs();
  return { elapsed, processor: (1000 * (threadMs() - startMs)) / PERMUTATIONS_TIMED };
}

/** After a batch: how far the replay is, and what it has taken. */
function mark(height) {
  if (marks.length === 0 && asked.includes("profiled")) endProfile = profileThread();
  marks.push({
    height,
    ms: performance.now(),
    mainThreadMs: threadMs(),
    processMs: processMs(),
    serverMs: serverMs(pid),
  });
}

const [report] = await runStages([replayCommands], {
  context: {
    target,
    targetReader,
    balances: null,
    stop: { forkStateHash: null, stopAtHeight: null },
    threads: Number(threads),
    network: networkName === "made-up" ? madeUpNetwork() : await loadNetwork(networkName),
    genesisLedger: null,
    checkpointUrl: null,
    checkpoints: openStore(pathToFileURL(`${checkpoints}/`).href),
    checkpointIntervalBlocks: BigInt(REPLAY_DEFAULTS.checkpointIntervalBlocks),
    blocksPerLedgerHash: Number(blocksPerLedgerHash),
    checkpointIntervalMs: REPLAY_DEFAULTS.checkpointIntervalMinutes * 60_000,
    now: () => performance.now(),
    warn: (message) => console.error(message),
    ...(asked.includes("keep-indexes") ? { indexesLastFromBlocks: 2n ** 63n } : {}),
  },
  marks: progressMarks(target),
  signal: new AbortController().signal,
  observer: {
    stageStarted() {},
    stagePlanned() {},
    stageProgressed: ({ done }) => mark(Number(done)),
    stageEnded() {},
  },
  transaction: (work) => target.transaction(() => work(target)),
  now: () => performance.now(),
});
const profile = endProfile();
const peakRssMb = Math.round(peakMemory() / BYTES_PER_MB);
const [row] = await target.query(
  "select (max(ledger_index) + 1)::int as accounts from accounts_accessed",
);
await target.close();
await targetReader.close();
const after = permutationTimes();
const permutation_us = (before.elapsed + after.elapsed) / 2;
const permutationProcessorUs = (before.processor + after.processor) / 2;
const { measured } = report;
const times = { permutation_us, permutationProcessorUs, marks, profile };
console.log(JSON.stringify({ measured, accounts: row.accounts, peakRssMb, ...times }));
