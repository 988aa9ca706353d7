// Runs the built `forklift` as its users do, and watches its memory and processor time.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { peakMemoryOfProcess } from "@forklift/system";
import { statOf } from "./proc-stat.js";
import { endedSeconds } from "./processor-time.js";

const COMMAND = fileURLToPath(new URL("../bin/forklift.js", import.meta.url));

const BYTES_PER_MB = 2 ** 20;

/**
 * @param options.onEvent is given every event of the log, one after the other, and the number of the process.
 * @returns {Promise<{ document: any, seconds: number, cpuSeconds: number | null,
 *   mainThreadSeconds: number | null, threadsSeconds: number | null, peakRssMb: number | null }>}
 * the processor time is of all that it has started, too; that of its main thread, and of all its threads, as it was
 * last seen.
 */
export async function forkliftProcess(args, { onEvent } = {}) {
  const endedBefore = await endedSeconds();
  const start = performance.now();
  const level = onEvent === undefined ? "warn" : "info";
  const child = spawn(process.execPath, [COMMAND, ...args, "--json", "--log-level", level], {
    stdio: ["ignore", "pipe", onEvent === undefined ? "inherit" : "pipe"],
  });
  const seen = onEvent && seeEvents(child, onEvent);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  let peakRssMb = null;
  let mainThread = null;
  let threads = null;
  const watch = setInterval(() => {
    peakRssMb = peakOf(child.pid) ?? peakRssMb;
    mainThread = statOf(`${child.pid}/task/${child.pid}`) ?? mainThread;
    threads = statOf(child.pid) ?? threads;
  }, 200);
  const exit = await new Promise((resolve) => child.on("close", resolve));
  const seconds = (performance.now() - start) / 1000;
  clearInterval(watch);
  await seen;
  if (exit !== 0) throw new Error(`forklift ${args[0]} ended with ${exit}`);
  const ended = await endedSeconds();
  const cpuSeconds = ended === null ? null : ended - endedBefore;
  return {
    ...{ document: JSON.parse(output), seconds, cpuSeconds, peakRssMb },
    mainThreadSeconds: mainThread && mainThread.ownMs / 1000,
    threadsSeconds: threads && threads.ownMs / 1000,
  };
}

/** What is no event of the log, or more than the usual, is shown. */
async function seeEvents({ pid, stderr }, onEvent) {
  for await (const line of createInterface({ input: stderr })) {
    const event = line.startsWith("{") ? JSON.parse(line) : { level: "none" };
    if (event.level === "info") await onEvent(event, pid);
    else console.error(line);
  }
}

/** The greatest resident memory so far, where the system reports it (Linux). */
function peakOf(pid) {
  const bytes = peakMemoryOfProcess(pid);
  return bytes === undefined ? null : Math.round(bytes / BYTES_PER_MB);
}
