// Runs one day of the soak test: its dump comes or not, the job runs, and the store is checked.

import { readdir, rename, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ForkliftError, TryAgainError } from "@forklift/pipeline";
import { openStore } from "@forklift/storage";
import pino from "pino";
import { parseDumpName, sourceDumpPrefix } from "../../packages/sets/dist/dump-name.js";
import { publishedSets } from "../../packages/sets/dist/published-sets.js";
import { runJob } from "../dist/run/run-job.js";

const NETWORK = "sample";
const MS_PER_MINUTE = 60_000;

/** Two hours after midnight, as the official jobs. */
const START_MINUTES = 120;

/** Connections break in the middle of these, every day. */
const CUTS = [
  { method: "GET", path: "soak-dumps.*alt=media", action: { kind: "cut", afterBytes: 5000 } },
  { method: "GET", path: "soak-sets.*dump.*alt=media", action: { kind: "cut", afterBytes: 3000 } },
  { method: "PUT", path: "soak-sets", nth: 2, action: { kind: "cut", afterBytes: 1000 } },
];

/** The state of the day, and what there is to say about it. */
export async function liveDay(field, index, plan) {
  const dump = field.nights[index];
  const date = () =>
    new Date((parseDumpName(sourceDumpPrefix(NETWORK), dump) + START_MINUTES) * MS_PER_MINUTE);
  if (!plan.isMissing) await receive(field, index);
  disturb(field, plan);
  const before = await newestIn(field.config);
  const noticesBefore = field.notices.received.length;
  const job = before === null ? "prime" : "daily";
  const runs = await Promise.all(startRuns(field, { job, date, plan }));
  field.emulator.faults.clear();
  const noticed = field.notices.received.length - noticesBefore;
  const verdict = await judge(field, { plan, runs, before, noticed, date });
  if (plan.isCutAfterwards) await cutNewest(field);
  return verdict;
}

/** Also those that did not come in their own night. */
async function receive({ nights, nightsFolder, dumpsFolder }, index) {
  const waiting = new Set(await readdir(nightsFolder));
  for (const name of nights.slice(0, index + 1)) {
    if (waiting.has(name))
      await rename(path.join(nightsFolder, name), path.join(dumpsFolder, name));
  }
}

function disturb({ emulator, errors }, { isTorn }) {
  const { faults } = emulator;
  faults.setRandomErrors(errors);
  errors.seed++;
  for (const cut of CUTS) faults.add(cut);
  if (!isTorn) return;
  // The bucket takes every file of the set but its manifest.
  const action = { kind: "status", status: 503 };
  faults.add({ method: "POST", path: "name=sample-set-", times: "always", action });
}

/** Of each run its outcome or its error. */
function startRuns({ config }, { job, date, plan }) {
  const start = (log) =>
    run(config, job, date, log).then(
      (outcome) => ({ outcome, error: null }),
      (error) => ({ outcome: null, error }),
    );
  if (!plan.isOverlapped) return [start(pino({ level: "silent" }))];
  let second;
  const first = new Promise((resolve) => {
    const write = (line) => {
      if (/\d+\/\d+ restore-source"/.test(line)) second ??= start(pino({ level: "silent" }));
    };
    resolve(start(pino({}, { write })));
  });
  return [first, first.then(() => second)];
}

async function run(config, job, date, log) {
  const stop = { forkStateHash: null, stopAtHeight: null };
  const options = { job, stop, isDryRun: false, isReplacing: false };
  const signal = new AbortController().signal;
  const shell = { log, signal, now: () => performance.now(), date, progressLine: null };
  return await runJob(config, options, shell);
}

async function judge(field, { plan, runs, before, noticed, date }) {
  const [{ outcome, error }, second] = runs;
  const wrong = (note) => ({ state: "wrong", note });
  if (second !== undefined) {
    const isRefused =
      second.error instanceof TryAgainError && /is leased by/.test(second.error.message);
    if (!isRefused) return wrong(`a second run was not refused: ${second.error}`);
  }
  const failures = runs.filter((it) => it.error !== null).length;
  if (noticed < failures) return wrong(`${failures} runs failed, ${noticed} were told of`);
  const fault = await faultInStore(field, date, plan);
  if (fault !== null) return wrong(fault);
  const newest = await newestIn(field.config);
  if (error === null) {
    if (plan.isTorn || plan.isMissing) return wrong("the run ended well, which it could not");
    if (newest?.name !== outcome.set) return wrong(`${newest?.name} stands for ${outcome.set}`);
    return { state: "verified", note: noteOf(plan, outcome) };
  }
  if (!(error instanceof ForkliftError) || error.hint === undefined) {
    return wrong(`an unclear failure: ${error.stack}`);
  }
  if (newest?.name !== before?.name) return wrong(`failed, and yet ${newest?.name} appeared`);
  return { state: "failed_clearly", note: error.message };
}

function noteOf({ isOverlapped, isCutAfterwards }, { height }) {
  const more = [
    isOverlapped ? "a second run was refused" : "",
    isCutAfterwards ? "then a file of the set was truncated" : "",
  ];
  return [`height ${height}`, ...more].filter(Boolean).join(", ");
}

/** Every set that a reader would take must be the one of an undisturbed run. */
async function faultInStore(field, date, { isMissing }) {
  if (!isMissing) await liveCalmly(field, date);
  const sets = publishedSets(openStore(field.config.target.store), NETWORK, () => undefined);
  await sets.newest();
  for (const { name, manifest } of await sets.complete()) {
    const digests = field.expected.get(name);
    if (digests === undefined) return `${name} is of no undisturbed run`;
    if (!isDeepStrictEqual(manifest.digests, digests)) return `${name} has other rows`;
  }
  return null;
}

async function liveCalmly({ calm, expected }, date) {
  const job = (await newestIn(calm)) === null ? "prime" : "daily";
  await run(calm, job, date, pino({ level: "silent" }));
  const { name, manifest } = await newestIn(calm);
  expected.set(name, manifest.digests);
}

async function newestIn({ target }) {
  return await publishedSets(openStore(target.store), NETWORK, () => undefined).newest();
}

/** As a disk that was full, or somebody's hand, would leave it. */
async function cutNewest({ config, setsFolder }) {
  const { manifest } = await newestIn(config);
  const file = path.join(setsFolder, manifest.files.find(({ role }) => role === "dump").name);
  await truncate(file, (await stat(file)).size >> 1);
}
