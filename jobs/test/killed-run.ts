// Runs the built command and kills it some time after a line of its log.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../bin/forklift.js", import.meta.url));

export interface Killing {
  /** The line that starts the clock. */
  readonly line: RegExp;
  /** From that line to SIGKILL. */
  readonly afterMs: number;
}

/** True when the run was killed, false when it had ended before. */
export async function killRun(
  args: readonly string[],
  { line, afterMs }: Killing,
): Promise<boolean> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  let timer: NodeJS.Timeout | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    if (!line.test(log)) return;
    timer ??= setTimeout(() => child.kill("SIGKILL"), afterMs);
  });
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit, signal) => {
      clearTimeout(timer);
      if (exit === 0 || signal === "SIGKILL") resolve(signal === "SIGKILL");
      else reject(new Error(`forklift ${args.join(" ")} ended with ${exit}:\n${log}`));
    });
  });
}
