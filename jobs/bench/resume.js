// A prime that is ended in each of its stages, one after the other, and each time run again: what the runs do
// twice, and whether their set is that of a prime which nobody disturbs.
//
// npm run bench:resume -- [--json] [--blocks N] [--commands-per-block N] [--signals SIGKILL,SIGTERM]
//
// The databases are on the runs' own server, in their work folder.

import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { projectionOfSets } from "@forklift/testkit/projection";
import { configurationOf, makeSample, PENDING_BLOCKS } from "./sample-network.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    blocks: { type: "string", default: "3000" },
    "commands-per-block": { type: "string", default: "5" },
    signals: { type: "string", default: "SIGKILL,SIGTERM" },
  },
});
const blocks = Number(options.blocks);

const COMMAND = fileURLToPath(new URL("../bin/forklift.js", import.meta.url));

const START = 0;

/** Where each run but the last is ended: at a stage's start, or once it has done so much. */
const MOMENTS = [
  ["restore-source", START],
  ["preflight", START],
  ["create-schema", START],
  ["copy-blocks", blocks / 3],
  ["build-indexes", START],
  ["write-genesis-accounts", START],
  ["replay-commands", blocks / 2],
  ["verify-target", (blocks * 2) / 3],
  ["publish-set", START],
  ["publish-set", 2],
  ["finish-publication", START],
];

const NOTHING = { blocks: 0, batch_blocks_max: 0 };

const scratch = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
// A server of the runs' own may run as another user.
await chmod(scratch, 0o755);
try {
  await measure();
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function measure() {
  const sample = await makeSample(path.join(scratch, "sample"), {
    blocks: blocks + PENDING_BLOCKS,
    commandsPerBlock: options["commands-per-block"],
  });
  const calm = requireEnded(await attempt(sample, "calm", null));
  const expected = await projectionOfSets(storeOf("calm"));
  const interrupted = [];
  for (const signal of options.signals.split(",")) {
    interrupted.push(await endInEachStage(sample, signal, expected));
  }
  const document = { blocks, calm_seconds: calm.seconds, interrupted };
  if (options.json) console.log(JSON.stringify(document, null, 2));
  else print(document);
}

async function endInEachStage(sample, signal, expected) {
  const attempts = [];
  for (const [stage, done] of MOMENTS) {
    const run = await attempt(sample, signal, { signal, stage, done });
    attempts.push(run);
    // It was over before the signal met it: its end is what the next would find.
    if (run.exit === 0) break;
  }
  if (attempts.at(-1).exit !== 0) attempts.push(await attempt(sample, signal, null));
  requireEnded(attempts.at(-1));
  return {
    signal,
    runs: attempts.length,
    ended: attempts.slice(0, -1).map(({ exit, reached }) => ({ exit, stage: reached })),
    seconds: attempts.reduce((sum, { seconds }) => sum + seconds, 0),
    again: againOf(attempts),
    same: isDeepStrictEqual(await projectionOfSets(storeOf(signal)), expected),
  };
}

function requireEnded(run) {
  if (run.exit !== 0) throw new Error(`ended with ${run.exit}: ${run.said.join("\n")}`);
  return run;
}

/**
 * By stage: blocks that a later run reported anew although an earlier one had, and the most from what was
 * reported last to what was reported next, which is no less than what was under way.
 */
function againOf(attempts) {
  const again = {};
  const lastOf = new Map();
  for (const { progress } of attempts) {
    for (const [stage, { first, last }] of progress) {
      const before = lastOf.get(stage);
      if (before !== undefined) {
        const { blocks: twice, batch_blocks_max: most } = again[stage] ?? NOTHING;
        again[stage] = {
          blocks: twice + Math.max(0, before - first + 1),
          batch_blocks_max: Math.max(most, first - before),
        };
      }
      lastOf.set(stage, last);
    }
  }
  return again;
}

/** One run of prime; how far each stage of blocks came, its exit, and the stage it was in. */
async function attempt(sample, name, ending) {
  const start = performance.now();
  const args = [
    ...["prime", "--config", configurationOf(sample), "--set", `target.store=${storeOf(name)}`],
    ...["--set", `work.dir=${path.join(scratch, `work-${name}`)}`],
    ...["--log-level", "debug", "--log-json"],
  ];
  const { FORKLIFT_POSTGRES_URL: _ours, ...env } = process.env;
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env,
  });
  const progress = new Map();
  const said = [];
  let reached = null;
  let isEnded = false;
  const endAt = (stage, done) => {
    if (isEnded || ending?.stage !== stage || done < ending.done) return;
    isEnded = true;
    child.kill(ending.signal);
  };
  const exit = new Promise((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stderr })) {
    if (!line.startsWith("{")) {
      said.push(line);
      continue;
    }
    const event = JSON.parse(line);
    if (event.done === undefined) {
      const [, started] = /^\d+\/\d+ (\S+)$/.exec(event.msg ?? "") ?? [];
      if (started === undefined) continue;
      reached = started;
      endAt(started, START);
    } else {
      const { stage, unit } = event;
      const done = Number(event.done);
      const { first = done } = progress.get(stage) ?? {};
      if (unit === "blocks") progress.set(stage, { first, last: done });
      if (done > START) endAt(stage, done);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  return { exit: await exit, seconds, progress, reached, said };
}

function storeOf(name) {
  return path.join(scratch, `store-${name}`);
}

function print({ calm_seconds, interrupted }) {
  console.log(`prime of ${blocks} blocks, undisturbed: ${calm_seconds.toFixed(1)} s`);
  for (const { signal, runs, seconds, again, same } of interrupted) {
    const set = same ? "the same set" : "ANOTHER SET";
    console.log(`\n${signal}: ${runs} runs, ${seconds.toFixed(1)} s together, ${set}`);
    for (const [stage, { blocks: twice, batch_blocks_max: batch }] of Object.entries(again)) {
      console.log(`  ${stage}: ${twice} blocks twice, of the batch under way ${batch} at most`);
    }
  }
}
