// What tells this process from others: a number is used again, and counted anew in each container.

import { readlinkSync } from "node:fs";
import { isAlive } from "./is-alive.ts";

/** Milliseconds since 1970. */
export const PROCESS_BEGAN_MS = Math.round(performance.timeOrigin);

/** Of a process that is counted where this one is. Its number may be ours by now. */
export function hasEnded(pid: number, beganMs: number): boolean {
  return pid === process.pid ? beganMs !== PROCESS_BEGAN_MS : !isAlive(pid);
}

/** Where process numbers are counted. The text means nothing but equal or not. */
export function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // Not on Linux, where containers are machines of their own.
    return "pid";
  }
}
