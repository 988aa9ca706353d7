// Runs the built `forklift` as its users do, and watches its memory.

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../bin/forklift.js", import.meta.url));

const KIB_PER_MB = 1024;

/** @returns {Promise<{ document: any, seconds: number, peakRssMb: number | null }>} */
export async function forkliftProcess(args) {
  const start = performance.now();
  const child = spawn(process.execPath, [COMMAND, ...args, "--json", "--log-level", "warn"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  let peakRssMb = null;
  const watch = setInterval(async () => {
    peakRssMb = (await peakOf(child.pid)) ?? peakRssMb;
  }, 200);
  const exit = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  if (exit !== 0) throw new Error(`forklift ${args[0]} ended with ${exit}`);
  const seconds = (performance.now() - start) / 1000;
  return { document: JSON.parse(output), seconds, peakRssMb };
}

/** The greatest resident memory so far, where the system tells (Linux). */
async function peakOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kib = /^VmHWM:\s+([0-9]+) kB/m.exec(status)?.[1];
  return kib === undefined ? null : Math.round(Number(kib) / KIB_PER_MB);
}
