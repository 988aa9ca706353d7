// The log, on stderr: one line per event, JSON for machines, readable lines for a terminal.

import pino, { type Logger } from "pino";
import pretty from "pino-pretty";
import { maskSecrets } from "../text/mask-secrets.ts";
import type { LogTail } from "./log-tail.ts";
import type { ProgressLine } from "./progress-line.ts";

export type Log = Logger;

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "auto" | "pretty" | "json";
  readonly stream: LogStream;
  /** Left before every line; null when stderr is no terminal. */
  readonly progressLine: ProgressLine | null;
  /** Is given every line, too. */
  readonly tail?: LogTail;
}

/** Where lines go. */
export interface LogStream {
  write(line: string): unknown;
}

export function openLog({ level, format, progressLine, stream, tail }: LogOptions): Log {
  const isPretty = format === "pretty" || (format === "auto" && progressLine !== null);
  const shown = isPretty
    ? pretty({ destination: stream, translateTime: "SYS:HH:MM:ss", singleLine: true })
    : stream;
  const onItsOwn = {
    write(line: string) {
      progressLine?.leave();
      shown.write(line);
    },
  };
  const streams = tail === undefined ? [onItsOwn] : [onItsOwn, tail.stream];
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        // The pretty form knows levels by their numbers.
        ...(isPretty ? {} : { level: (label: string) => ({ level: label }) }),
        log: (event: object) => maskSecrets(event) as Record<string, unknown>,
      },
    },
    pino.multistream(streams.map((stream) => ({ level, stream }))),
  );
}
