// Benchmark of the restore: forklift beside psql, in turns, on the same server with the same dump: plain, in
// gzip, and in a gzipped tar as the networks publish theirs.
//
// npm run bench:restore -- [--json] [--sample FOLDER] [--blocks N] [--commands-per-block N] [--rounds N]
//
// Without --sample a sample network is made first; with 50,000 blocks that takes some minutes. Takes the psql,
// gzip and tar of this machine. A small dump says more of the start of a process than of the restore.

import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import {
  connect,
  countRows,
  openScratch,
  readRestoredDump,
  refreshStatistics,
  startServer,
} from "@forklift/postgres";
import { forkliftProcess } from "./forklift-process.js";
import { makeSample, newestDump } from "./sample-network.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    sample: { type: "string" },
    blocks: { type: "string", default: "50000" },
    "commands-per-block": { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
  },
});

/** How psql gets the SQL of each form. */
const PSQL = "psql --quiet --no-psqlrc --single-transaction -v ON_ERROR_STOP=1 --output /dev/null";
const PSQL_OF_FORM = {
  plain: `${PSQL} --file "$0" "$1"`,
  gz: `gunzip --stdout "$0" | ${PSQL} "$1"`,
  tar_gz: `tar --extract --gzip --to-stdout --file "$0" | ${PSQL} "$1"`,
};

const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
const server = await startServer({ binaries: "auto" });
try {
  const size = { blocks: options.blocks, commandsPerBlock: options["commands-per-block"] };
  const sample = options.sample ?? (await makeSample(path.join(scratch, "sample"), size));
  print(await figuresOf(await formsOf(await newestDump(sample))));
} finally {
  // The databases go with their server.
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
}

/** Files with the same dump. */
async function formsOf(dump) {
  const folder = path.join(scratch, "unpacked");
  await secondsOf(
    'mkdir "$1" && tar --extract --gzip --touch --file "$0" --directory "$1"',
    dump,
    folder,
  );
  const plain = path.join(folder, (await readdir(folder))[0]);
  await secondsOf('gzip --keep "$0"', plain);
  return { plain, gz: `${plain}.gz`, tar_gz: dump };
}

async function figuresOf(forms) {
  const measured = { plain: [], gz: [], tar_gz: [] };
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const [form, file] of Object.entries(forms)) {
      measured[form].push(await measureForm(form, file));
    }
  }
  const of = (form, name) => median(measured[form].map((figures) => figures[name]));
  const copy_seconds = of("plain", "psql_seconds");
  const packed = (form) => {
    const [seconds, gunzip_seconds] = [of(form, "seconds"), of(form, "gunzip_seconds")];
    const ratio = seconds / Math.max(gunzip_seconds, copy_seconds);
    return { seconds, psql_seconds: of(form, "psql_seconds"), gunzip_seconds, copy_seconds, ratio };
  };
  const seconds = of("plain", "seconds");
  return {
    bytes: (await stat(forms.plain)).size,
    rows: of("plain", "rows"),
    plain: { seconds, psql_seconds: copy_seconds, ratio: seconds / copy_seconds },
    gz: packed("gz"),
    tar_gz: packed("tar_gz"),
    checks_seconds: of("plain", "checks_seconds"),
    peak_rss_mb: Math.max(...Object.keys(forms).map((form) => of(form, "peak_rss_mb"))),
  };
}

async function measureForm(form, file) {
  const ours = await restoreByForklift(file);
  const psql_seconds = await restoreByPsql(form, file);
  if (form === "plain") return { ...ours, psql_seconds };
  const gunzip_seconds = await secondsOf('gunzip --stdout "$0" > /dev/null', file);
  return { ...ours, psql_seconds, gunzip_seconds };
}

async function restoreByForklift(file) {
  return await inScratch(async (url) => {
    const restored = await forkliftProcess(["restore", "--dump", file, "--db", url]);
    const { seconds, peakRssMb, document } = restored;
    const checks_seconds = await inSession(url, checksSeconds);
    return { seconds, peak_rss_mb: peakRssMb, rows: document.rows, checks_seconds };
  });
}

async function restoreByPsql(form, file) {
  return await inScratch((url) => secondsOf(PSQL_OF_FORM[form], file, url));
}

/** What forklift does of its own accord when the rows are in, done once more. */
async function checksSeconds(session) {
  const { tables } = await readRestoredDump(session);
  const start = performance.now();
  await refreshStatistics(session);
  await countRows(session, tables);
  return (performance.now() - start) / 1000;
}

/** In an empty database, on a server that owes the disk nothing of what was before. */
async function inScratch(work) {
  const database = await openScratch(server.url, "restored");
  try {
    await inSession(server.url, (session) => session.query("checkpoint"));
    return await work(database.url);
  } finally {
    await database[Symbol.asyncDispose]();
  }
}

async function inSession(url, work) {
  const session = await connect(url, { applicationName: "forklift bench" });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Of a line of bash, whose $0, $1 and so on are the arguments. */
async function secondsOf(line, ...args) {
  const start = performance.now();
  const stdio = ["ignore", "ignore", "inherit"];
  execFileSync("bash", ["-o", "pipefail", "-c", line, ...args], { stdio });
  return (performance.now() - start) / 1000;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Names of the figures are a contract of --json. */
function print(figures) {
  if (options.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  const row = (name, value, unit = "") => {
    console.log(`${name.padEnd(52)}${value.padStart(11)} ${unit}`.trimEnd());
  };
  const { bytes, rows, plain, gz, tar_gz } = figures;
  console.log(`${rows} rows in ${(bytes / 1e6).toFixed(1)} MB of SQL`);
  row("a plain dump", plain.seconds.toFixed(2), "s");
  row("  psql", plain.psql_seconds.toFixed(2), "s");
  row("  ratio", plain.ratio.toFixed(2));
  row("  rows", (rows / plain.seconds).toFixed(0), "/s");
  row("  SQL", (bytes / 1e6 / plain.seconds).toFixed(1), "MB/s");
  for (const [name, form] of Object.entries({ ".sql.gz": gz, ".tar.gz": tar_gz })) {
    row(`the same as ${name}`, form.seconds.toFixed(2), "s");
    row("  unpacked into psql", form.psql_seconds.toFixed(2), "s");
    row("  gunzip alone", form.gunzip_seconds.toFixed(2), "s");
    row("  ratio to the longer of gunzip and the plain psql", form.ratio.toFixed(2));
  }
  row("ANALYZE and counting the rows, part of ours alone", figures.checks_seconds.toFixed(2), "s");
  row("peak memory", String(figures.peak_rss_mb), "MB");
}
