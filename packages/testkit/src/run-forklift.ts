// Runs the built `forklift` command as its users do: in a process of its own.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../jobs/bin/forklift.js", import.meta.url));

export interface Ran {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sends SIGTERM as soon as this appears in its log. */
  readonly terminateAt?: RegExp;
  /** Kills it that long after its start, if it is still there. */
  readonly killAfterMs?: number;
}

export async function runForklift(
  args: readonly string[],
  { cwd, env, terminateAt, killAfterMs }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
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
    // Once: a second signal would not ask any more.
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
