// Mutated dumps against a server that has something to lose: another database, other roles, files.
//
// npm run fuzz:restore -- [--inputs N] [--seed S] [--json]
//
// Every second dump is restored as a superuser, as on the server of a careless operator; the others as
// the role that a server of ours gives to a dump. Prints how the restores ended, and ends with 20 when one
// changed anything outside its database, left something in it after a failure, took other rows than the
// dump has, failed in no way that is ours, or did not end.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { EXIT } from "@forklift/pipeline";
import { createRandom } from "@forklift/sample";
import { peakMemory } from "@forklift/system";
import { makeDumps } from "./dumps.js";
import { mutate } from "./mutations.js";
import { openTarget } from "./target.js";

const BYTES_PER_MB = 2 ** 20;

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);

const home = await mkdtemp(path.join(tmpdir(), "forklift-fuzz-"));
const target = await openTarget(home);
const outcomes = {};
const wrong = [];
let slowestMs = 0;
try {
  const dumps = await makeDumps(target.server, home);
  for (let input = 0; input < inputs; input++) {
    // Each input has a seed of its own, by which it alone can be tried again: --inputs 1 --seed S.
    const random = createRandom(seed + input);
    const { name, mutation, sql, rows } = mutate(random, random.pick(dumps), target.files);
    const trial = await target.tryDump(sql, { asSuperuser: random.oneIn(2), rows });
    outcomes[trial.outcome] = (outcomes[trial.outcome] ?? 0) + 1;
    slowestMs = Math.max(slowestMs, trial.elapsedMs);
    if (trial.fault !== null) wrong.push({ seed: seed + input, name, mutation, ...trial });
  }
} finally {
  await target.close();
  await rm(home, { recursive: true, force: true });
}

const peakRssMb = Math.round(peakMemory() / BYTES_PER_MB);
const summary = { inputs, seed, outcomes, wrong, slowestMs: Math.round(slowestMs), peakRssMb };
console.log(values.json ? JSON.stringify(summary) : textOf(summary));
if (wrong.length > 0) process.exitCode = EXIT.verificationFailed;

function textOf({ slowestMs, peakRssMb }) {
  const lines = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const faults = wrong.map((each) => `wrong at seed ${each.seed}: ${JSON.stringify(each)}`);
  const figures = `slowest ${slowestMs / 1000} s, peak memory ${peakRssMb} MB`;
  return [
    `${inputs} inputs: ${lines.join(", ")}; ${wrong.length} wrong; ${figures}`,
    ...faults,
  ].join("\n");
}
