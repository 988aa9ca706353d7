// The copy alone: the stages that write blocks and build indexes, with every precomputed block
// verified beforehand and in memory.

import { progressMarks } from "@forklift/archive";
import { copyBlocks, migration, OWN_FORM } from "@forklift/migrator";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { runStages } from "@forklift/pipeline";
import { connect } from "@forklift/postgres";

const QUIET = { stageStarted() {}, stagePlanned() {}, stageProgressed() {}, stageEnded() {} };

const MEASURED = [copyBlocks.id, "build-indexes"];

/** @param verified blocks by state hash. */
export async function copySeconds({ sourceUrl, targetUrl, preset, genesisLedgerUrl, verified }) {
  const network = await loadNetwork(preset);
  const source = await connect(sourceUrl, { applicationName: "bench", readOnly: true });
  const target = await connect(targetUrl, { applicationName: "bench" });
  const context = {
    source,
    target,
    network,
    genesisLedger: await loadGenesisLedger(network, genesisLedgerUrl),
    blocks: inMemory(verified),
    stop: { forkStateHash: null, stopAtHeight: null },
    form: OWN_FORM,
    now: () => performance.now(),
    warn() {},
  };
  const reports = await runStages(migration, {
    context,
    marks: progressMarks(target),
    signal: new AbortController().signal,
    observer: QUIET,
    now: () => performance.now(),
    transaction: (work) => target.transaction(() => work(target)),
  });
  await source.close();
  await target.close();
  const measured = reports.filter(({ stage }) => MEASURED.includes(stage));
  return measured.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 1000;
}

function inMemory(verified) {
  const take = ({ height, stateHash }) => {
    const content = verified.get(stateHash);
    if (content === undefined) throw new Error(`block ${stateHash} at height ${height} is missing`);
    return { height, stateHash, ...content, source: "memory" };
  };
  return {
    tryFetch: async (id) => take(id),
    async *fetchAll(ids) {
      for await (const id of ids) yield take(id);
    },
    statistics: () => [],
    async [Symbol.asyncDispose]() {},
  };
}
