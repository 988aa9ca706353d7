// Runs the built command and watches how much memory its process holds at most.

import { spawn } from "node:child_process";
import { peakMemoryOfProcess } from "@forklift/system";
import { type Program, programFile } from "./programs.ts";

/** The kernel keeps the peak itself; what is missed is only what grows in the last interval. */
const SAMPLE_MS = 20;

/**
 * The peak of the resident memory in bytes, worker threads included.
 *
 * @param nodeOptions of the process: how large its heap may be, for example.
 * @throws Error when the command fails.
 */
export async function peakMemoryOf(
  args: readonly string[],
  nodeOptions: readonly string[],
  program: Program = "forklift",
): Promise<number> {
  const child = spawn(process.execPath, [...nodeOptions, programFile(program), ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, peakMemoryOfProcess(child.pid!) ?? 0);
  }, SAMPLE_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (exit) => {
        if (exit === 0) resolve();
        else reject(new Error(`${program} ${args.join(" ")} ended with ${exit}:\n${stderr}`));
      });
    });
  } finally {
    clearInterval(sampling);
  }
  return peak;
}
