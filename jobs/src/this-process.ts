// What tells this process from others: a number is used again, and counted anew in each container.

import { readlinkSync } from "node:fs";

/** Milliseconds since 1970. */
export const PROCESS_BEGAN_MS = Math.round(performance.timeOrigin);

/** Where process numbers are counted. The text means nothing but equal or not. */
export function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // Not on Linux, where containers are machines of their own.
    return "pid";
  }
}
