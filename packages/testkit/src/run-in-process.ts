// Runs a command in the process of the test: what the binary adds, signals and exit codes of the
// process, is not in it; everything else is.

import { Readable, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { type CommandLine, openProgressLine, runCommandLine } from "@forklift/console";
import type { Ran } from "./run-forklift.ts";

export interface InProcessOptions {
  /** The variables that the command sees; default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Stops it as a first SIGTERM does, as soon as this appears in its log. */
  readonly stopAt?: RegExp;
  /** Whether stderr is a terminal, where progress is drawn. */
  readonly isTerminal?: boolean;
  /** What is typed; without it there is nobody to be asked. */
  readonly answer?: string;
}

export async function runInProcess(
  commandLine: CommandLine,
  args: readonly string[],
  { env = {}, stopAt, isTerminal = false, answer }: InProcessOptions = {},
): Promise<Ran> {
  const stop = new AbortController();
  const stdout = openOutput(() => undefined);
  const stderr = openOutput((text) => {
    if (stopAt?.test(text) === true) stop.abort();
  });
  const exit = await runCommandLine(args, commandLine, {
    environment: env,
    signal: stop.signal,
    stdout: stdout.stream,
    stderr: stderr.stream,
    logStream: stderr.stream,
    progressLine: isTerminal ? openProgressLine(stderr.stream) : null,
    terminal: answer === undefined ? null : Readable.from([`${answer}\n`]),
    now: () => performance.now(),
    date: () => new Date(),
  });
  // The readable form of a log passes through a stream of its own.
  await turn();
  return { exit, signal: null, stdout: stdout.text(), stderr: stderr.text() };
}

/** Runs with `--json` and returns the document; the exit code must be 0. */
export async function runInProcessJson<Document>(
  commandLine: CommandLine,
  args: readonly string[],
  options?: InProcessOptions,
): Promise<Document> {
  const { exit, stdout, stderr } = await runInProcess(commandLine, [...args, "--json"], options);
  if (exit !== 0) {
    throw new Error(`${commandLine.name} ${args.join(" ")} ended with ${exit}:\n${stderr}`);
  }
  return JSON.parse(stdout) as Document;
}

/** @param onText is given all that was written so far. */
function openOutput(onText: (text: string) => void) {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, written) {
      text += chunk.toString("utf8");
      onText(text);
      written();
    },
  });
  return { stream, text: () => text };
}
