// Benchmark of the cycles of `follow`: what one costs on a source that has gained nothing, and with one new block, in
// milliseconds, statements and rows of the source.
//
// npm run bench:follow -- [--json] [--sample FOLDER] [--blocks N] [--commands-per-block N] [--mainnet FOLDER]
//
// Of a sample network, which is made first without --sample, or of mainnet's first 2,025 blocks: FOLDER holds
// genesis-ledger.json, precomputed-blocks-2-2025.tar.gz and dumps/. Of either all but the last blocks are canonical at first.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { openContext } from "@forklift/context";
import { connect, openScratch, startServer } from "@forklift/postgres";
import { KeptTail } from "@forklift/replayer";
import pino from "pino";
import { configSchema } from "../dist/config/schema.js";
import { followConfigOf } from "../dist/context/follow-config.js";
import { openFollowed } from "../dist/context/follow-context.js";
import { runCycle } from "../dist/run/follow/run-cycle.js";
import { forkliftProcess } from "./forklift-process.js";
import { blocksOf, genesisLedgerOf, makeSample, newestDump, presetOf } from "./sample-network.js";

const run = promisify(execFile);

/** Of each kind; the median is printed. */
const CYCLES = 7;

const LIMITS = { blocksMax: 250, pauseMs: 0, statementTimeoutMs: 600_000 };

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    sample: { type: "string" },
    mainnet: { type: "string" },
    blocks: { type: "string", default: "2000" },
    "commands-per-block": { type: "string", default: "10" },
  },
});

const home = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
const server = await startServer({ binaries: "auto" });
try {
  print(await measure(options.mainnet === undefined ? await ofSample() : await ofMainnet()));
} finally {
  // The databases go with their server.
  await server[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
}

async function ofSample() {
  const { blocks, "commands-per-block": commandsPerBlock } = options;
  const made = path.join(home, "sample");
  const sample = options.sample ?? (await makeSample(made, { blocks, commandsPerBlock }));
  return {
    network: presetOf(sample),
    genesisLedger: genesisLedgerOf(sample),
    blocks: blocksOf(sample),
    dump: await newestDump(sample),
  };
}

async function ofMainnet() {
  const folder = path.resolve(options.mainnet);
  const dumps = path.join(folder, "dumps");
  // A bundle is looked through anew in every cycle: a living network's blocks lie in a bucket or a folder.
  const blocks = path.join(home, "blocks");
  await mkdir(blocks);
  await run("tar", ["-xzf", path.join(folder, "precomputed-blocks-2-2025.tar.gz"), "-C", blocks]);
  return {
    network: "mainnet",
    genesisLedger: path.join(folder, "genesis-ledger.json"),
    blocks,
    dump: path.join(dumps, (await readdir(dumps)).sort().at(-1)),
  };
}

async function measure({ network, genesisLedger, blocks, dump }) {
  const source = await openScratch(server.url, "source");
  const target = await openScratch(server.url, "target");
  await forkliftProcess(["restore", "--dump", dump, "--db", source.url]);
  const { live, end } = await livingSource(source.url);
  const config = configSchema.parse({
    ...{ network, genesisLedger, blocks: [blocks] },
    source: { database: source.url },
    target: { store: path.join(home, "store"), database: target.url },
    work: { dir: path.join(home, "work") },
  });
  const environment = {
    log: pino({ level: "silent" }),
    signal: new AbortController().signal,
    now: () => performance.now(),
    date: () => new Date(),
    progressLine: null,
  };
  const opened = openContext(environment);
  const tail = new KeptTail();
  try {
    const followed = await openFollowed(opened, followConfigOf(config), environment);
    let last = null;
    const cycle = async () => {
      last = await runCycle(followed, { limits: LIMITS, last, tail, publish: null }, environment);
      return last;
    };
    await live(end - CYCLES);
    const first = await cycle();
    const idle = [];
    for (let count = 0; count < CYCLES; count++) idle.push(await cycle());
    const grown = [];
    for (let height = end - CYCLES + 1; height <= end; height++) {
      await live(height);
      grown.push(await cycle());
    }
    return {
      height: end,
      pending: first.pending.blocks,
      first: figuresOf([first]),
      unchanged: figuresOf(idle),
      one_new_block: figuresOf(grown),
    };
  } finally {
    await tail[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
  }
}

/** As many of its canonical blocks stay so as it is told; all above are pending. */
async function livingSource(url) {
  const inSource = async (sql, params) => {
    const session = await connect(url, { applicationName: "forklift bench" });
    try {
      return await session.query(sql, params);
    } finally {
      await session.close();
    }
  };
  await inSource("create schema fate");
  await inSource("create table fate.blocks as select id, chain_status as status from blocks");
  const [{ end }] = await inSource(
    "select max(height)::int as end from blocks where chain_status = 'canonical'",
  );
  return {
    end,
    live: (height) =>
      inSource(
        `update blocks b set chain_status = case when b.height <= $1 then fate.status else 'pending' end
         from fate.blocks fate where fate.id = b.id and b.height >= $1`,
        [height],
      ),
  };
}

function figuresOf(cycles) {
  const median = (of) => cycles.map(of).sort((a, b) => a - b)[Math.floor(cycles.length / 2)];
  return {
    ms: median(({ elapsedMs }) => elapsedMs),
    statements: median(({ source }) => source.statements),
    rows: median(({ source }) => source.rows),
  };
}

function print(figures) {
  if (options.json) return process.stdout.write(`${JSON.stringify(figures)}\n`);
  const { height, pending, ...kinds } = figures;
  const lines = Object.entries(kinds).map(
    ([kind, { ms, statements, rows }]) =>
      `${kind.replaceAll("_", " ").padEnd(14)} ${ms} ms, ${statements} statements, ${rows} rows`,
  );
  process.stdout.write(`up to height ${height}, ${pending} pending\n${lines.join("\n")}\n`);
}
