// Runs a command in the process of the test, as if on a terminal.

import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runCli } from "../src/cli/run-cli.ts";
import { openProgressLine } from "../src/output/progress-line.ts";

export async function runInProcess(
  args: readonly string[],
): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = await runCli(args, {
    environment: {},
    signal: new AbortController().signal,
    stdout,
    stderr,
    progressLine: openProgressLine(stderr),
    now: () => performance.now(),
    date: () => new Date(),
  });
  return { exit, stdout: await text(stdout.end()), stderr: await text(stderr.end()) };
}
