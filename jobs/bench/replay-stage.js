// The process that `replay.js` measures: the stage of `forklift replay` on one database.

import { pathToFileURL } from "node:url";
import { progressMarks } from "@forklift/archive";
import { loadNetwork } from "@forklift/network";
import { runStages } from "@forklift/pipeline";
import { connect } from "@forklift/postgres";
import { replayCommands } from "@forklift/replayer";
import { openStore } from "@forklift/storage";
import "../dist/heap-growth.js";
import { permutationUs } from "../../packages/ledger/bench/permutation-speed.js";
import { REPLAY_DEFAULTS } from "../dist/config/schema.js";
import { madeUpNetwork } from "./replay-database.js";

const KIB_PER_MB = 1024;

const [url, networkName, threads, checkpoints] = process.argv.slice(2);
const target = await connect(url, { applicationName: "bench" });
const targetReader = await connect(url, { applicationName: "bench", readOnly: true });
const before = permutationUs();
const marks = [];
const [report] = await runStages([replayCommands], {
  world: {
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
    checkpointIntervalMs: REPLAY_DEFAULTS.checkpointIntervalMinutes * 60_000,
    now: () => performance.now(),
    warn: (message) => console.error(message),
  },
  marks: progressMarks(target),
  signal: new AbortController().signal,
  observer: {
    stageStarted() {},
    stagePlanned() {},
    stageProgressed: ({ done }) => marks.push({ height: Number(done), ms: performance.now() }),
    stageEnded() {},
  },
  transaction: (work) => target.transaction(() => work(target)),
  now: () => performance.now(),
});
const peakRssMb = Math.round(process.resourceUsage().maxRSS / KIB_PER_MB);
const [row] = await target.query(
  "select (max(ledger_index) + 1)::int as accounts from accounts_accessed",
);
await target.close();
await targetReader.close();
const permutation_us = (before + permutationUs()) / 2;
const { measured } = report;
console.log(JSON.stringify({ measured, marks, accounts: row.accounts, permutation_us, peakRssMb }));
