// The log, on stderr: one line per event, JSON for machines, readable lines for a terminal.

import pino, { type Logger } from "pino";
import pretty from "pino-pretty";
import { maskSecrets } from "./mask-secrets.ts";

export type Log = Logger;

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "auto" | "pretty" | "json";
  readonly isTerminal: boolean;
}

const STDERR = 2;

/** Synchronous, so that the last line before an exit is never lost. */
export function openLog({ level, format, isTerminal }: LogOptions): Log {
  const isPretty = format === "pretty" || (format === "auto" && isTerminal);
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (event: object) => maskSecrets(event) as Record<string, unknown>,
    },
  };
  return isPretty
    ? pino(
        { ...options, formatters: { log: options.formatters.log } },
        pretty({
          destination: STDERR,
          sync: true,
          translateTime: "SYS:HH:MM:ss",
          singleLine: true,
        }),
      )
    : pino(options, pino.destination({ dest: STDERR, sync: true }));
}
