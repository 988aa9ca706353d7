// The interface between a command and its process: what the command gets, and what it gives back.

import type { LogStream } from "../log/log.ts";
import type { ProgressLine } from "../log/progress-line.ts";

export interface Host {
  /** The variables of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Where the log goes: stderr, written synchronously. */
  readonly logStream: LogStream;
  /** Of stderr, where that is a terminal. Whoever writes there leaves it first. */
  readonly progressLine: ProgressLine | null;
  /** Where answers are typed; null when nobody sits there. Questions go to stderr. */
  readonly terminal: NodeJS.ReadableStream | null;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** The time of day. */
  readonly date: () => Date;
}

/** The result of a command, for people and for programs. */
export interface Outcome {
  readonly text: string;
  readonly json: unknown;
}

/** Takes the result of a command, which prints nothing itself. */
export type Finish = (outcome: Outcome) => void;
