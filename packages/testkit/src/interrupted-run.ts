// Runs the built command and sends it a signal, once, at a moment of the test's choice.

import { spawn } from "node:child_process";
import { type Program, programFile } from "./programs.ts";

export type Interruption = { readonly signal: "SIGKILL" | "SIGTERM" } & (
  | {
      /** The line of the log that starts the clock. */
      readonly line: RegExp;
      /** From that line to the signal. */
      readonly afterMs?: number;
    }
  | {
      /** Resolves at the moment of the signal; `ended` is aborted when the run has ended before. */
      readonly until: (ended: AbortSignal) => Promise<void>;
    }
);

export interface Interrupted {
  /** Null when the signal ended the process. */
  readonly exit: number | null;
  readonly stderr: string;
}

export async function interruptRun(
  args: readonly string[],
  interruption: Interruption,
  program: Program = "forklift",
): Promise<Interrupted> {
  const child = spawn(process.execPath, [programFile(program), ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  let timer: NodeJS.Timeout | undefined;
  const ended = new AbortController();
  const interrupt = () => child.kill(interruption.signal);
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (!("line" in interruption && interruption.line.test(stderr))) return;
    timer ??= setTimeout(interrupt, interruption.afterMs ?? 0);
  });
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    if ("until" in interruption) interruption.until(ended.signal).then(interrupt, reject);
    child.on("close", (exit) => {
      clearTimeout(timer);
      ended.abort();
      resolve({ exit, stderr });
    });
  });
}
