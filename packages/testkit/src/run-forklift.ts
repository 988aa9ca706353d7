// Runs the built programs as their users do: in a process of their own.

import { spawn } from "node:child_process";
import { defined } from "@forklift/system";
import { type Program, programFile } from "./programs.ts";

export interface Ran {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Default: `forklift`, which has the commands of all. */
  readonly program?: Program;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sends SIGTERM as soon as this appears in its log. */
  readonly terminateAt?: RegExp;
  /** Kills it that long after its start, if it is still there. */
  readonly killAfterMs?: number;
}

export async function runForklift(
  args: readonly string[],
  { program = "forklift", cwd, env, terminateAt, killAfterMs }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [programFile(program), ...args], {
    ...defined({ cwd }),
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    // Once: a second signal would stop the process at once.
    if (terminateAt?.test(stderr) === true && !child.killed) child.kill("SIGTERM");
  });
  const killer =
    killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit, signal) => {
      clearTimeout(killer);
      resolve({ exit, signal, stdout, stderr });
    });
  });
}

/** Runs with `--json` and returns the document; the exit code must be 0. */
export async function forkliftJson<Document>(
  args: readonly string[],
  options?: RunOptions,
): Promise<Document> {
  const { exit, stdout, stderr } = await runForklift([...args, "--json"], options);
  if (exit !== 0) throw new Error(`forklift ${args.join(" ")} ended with ${exit}:\n${stderr}`);
  return JSON.parse(stdout) as Document;
}
