// The `forklift` command: everything that touches the process.

import "./heap-growth.ts";
import { runCli } from "./cli/run-cli.ts";
import { openProgressLine } from "./output/progress-line.ts";

const progressLine = process.stderr.isTTY ? openProgressLine(process.stderr) : null;
const stop = new AbortController();
let signals = 0;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // The first asks for the end of the batch; the second does not ask.
    progressLine?.leave();
    if (++signals > 1) process.exit(128 + (signal === "SIGINT" ? 2 : 15));
    stop.abort();
  });
}

/** All is closed when the command has ended: what still holds the process has nothing to add. */
const LINGER_MAX_MS = 5_000;

process.exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  signal: stop.signal,
  stdout: process.stdout,
  stderr: process.stderr,
  progressLine,
  now: () => performance.now(),
  date: () => new Date(),
});
setTimeout(() => process.exit(), LINGER_MAX_MS).unref();
