// The mark of a process in what it writes, and whether that process is still running: it alone
// decides what of a killed run may be taken over or removed.

import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { processStart, startTimeOf } from "./process-table.ts";

export interface ProcessMark {
  readonly host: string;
  readonly pid: number;
  /** Where process numbers are counted, as digits: every container begins at 1. Left out if unknown. */
  readonly namespace?: string | undefined;
  /** Distinguishes processes with one number, as digits that mean nothing but equal or not. */
  readonly start?: string | undefined;
  /** When it was seen to run, for marks without `start`. */
  readonly seen?: Date | undefined;
}

/** `unknown` is a process that is not ours to see: of another machine, or of another container. */
export type Liveness = "running" | "ended" | "unknown";

/** Start times are computed from the clock, which may have been set since. */
const CLOCK_DIFFERENCE_MAX_MS = 2_000;

let own: Required<Omit<ProcessMark, "seen">> | undefined;

/** The mark of this process. */
export function thisProcess(): Required<Omit<ProcessMark, "seen">> {
  own ??= {
    host: hostname(),
    pid: process.pid,
    namespace: processNamespace(),
    start: processStart(process.pid) ?? "0",
  };
  return own;
}

/** Queries the operating system. A number that another process has now is of one that has ended. */
export function livenessOf({ host, pid, namespace, start, seen }: ProcessMark): Liveness {
  const ours = thisProcess();
  if (host !== ours.host) return "unknown";
  if (namespace !== undefined && namespace !== ours.namespace) return "unknown";
  const found = processStart(pid);
  if (found === undefined) return "ended";
  if (start !== undefined) return start === found ? "running" : "ended";
  const startedMs = startTimeOf(pid);
  const isYounger =
    seen !== undefined &&
    startedMs !== undefined &&
    startedMs > seen.getTime() + CLOCK_DIFFERENCE_MAX_MS;
  return isYounger ? "ended" : "running";
}

function processNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    // Not on Linux, where containers are machines of their own.
    return "0";
  }
}
