// The entry point of a program of commands. Only this file uses the process: streams, exit code, and with
// `signals.ts` its signals.

import { spawn } from "node:child_process";
import { againAfter, TryAgainError } from "@forklift/pipeline";
import { MS_PER_SECOND } from "@forklift/system";
import pino from "pino";
import type { Host } from "./command/host.ts";
import { type CommandLine, reportFailure, runCommandLine } from "./command/run-command-line.ts";
import { limitHeapGrowth } from "./heap-growth.ts";
import { openProgressLine } from "./log/progress-line.ts";
import type { Signals } from "./signals.ts";

const STDERR = 2;

/** All is closed when the command has ended: what still holds the process has nothing to add. */
const LINGER_MAX_MS = 5_000;

/**
 * From the first signal on. What a batch or a request has in hand mostly ends by itself within it; a server
 * that hangs does not, and whoever sent the signal would kill us in the end.
 */
const STOP_MAX_MS = 8_000;

/** Called once, by the main module of a program; sets the exit code when the command has ended. */
export async function runAsProcess(commandLine: CommandLine, signals: Signals): Promise<void> {
  limitHeapGrowth();
  const argv = process.argv.slice(2);
  const progressLine = process.stderr.isTTY ? openProgressLine(process.stderr) : null;
  const stop = new AbortController();
  const host: Host = {
    environment: process.env,
    signal: stop.signal,
    stdout: process.stdout,
    stderr: process.stderr,
    // Synchronous, so that the last line before an exit is never lost.
    logStream: pino.destination({ dest: STDERR, sync: true }),
    progressLine,
    terminal: process.stdin.isTTY && process.stderr.isTTY ? process.stdin : null,
    now: () => performance.now(),
    date: () => new Date(),
  };
  // What no promise of the command carries, such as a worker that could not be started.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    // In place of those that told of a program that could not be loaded.
    process.removeAllListeners(event);
    process.on(event, (error: unknown) => process.exit(reportFailure(error, argv, host)));
  }
  signals.tell((signal) => {
    // The first asks for the end of the batch; the second does not ask.
    progressLine?.leave();
    if (stop.signal.aborted) process.exit(128 + (signal === "SIGINT" ? 2 : 15));
    stop.abort();
    setTimeout(() => {
      const exit = reportFailure(leftInTheMiddle(againAfter(stop.signal)), argv, host);
      endForSure(process.pid);
      process.exit(exit);
    }, STOP_MAX_MS).unref();
  });
  process.exitCode = await runCommandLine(argv, commandLine, host);
  setTimeout(() => process.exit(), LINGER_MAX_MS).unref();
}

/** As a kill would, which loses nothing that was committed. */
function leftInTheMiddle(again: string): TryAgainError {
  const seconds = STOP_MAX_MS / MS_PER_SECOND;
  return new TryAgainError(
    `stopped by a signal; what was under way did not end within ${seconds} s and was left`,
    { hint: again },
  );
}

/**
 * An exit waits for calls of the system that are under way in Node's own threads, such as the name of a
 * host that no server answers for: then the process is killed. By its child, which sees whether it is
 * still its parent.
 */
function endForSure(pid: number): void {
  const script = `sleep 1; read -r _ _ _ parent _ </proc/$$/stat; [ "$parent" = ${pid} ] && kill -KILL ${pid}`;
  spawn("/bin/sh", ["-c", script], { detached: true, stdio: "ignore" })
    .on("error", () => undefined)
    .unref();
}
