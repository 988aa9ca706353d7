// The processor time of a process as Linux counts it: a line of /proc/PID/stat.

import { readFileSync } from "node:fs";

/** Of the clock in which the kernel counts, 100 a second on every Linux. */
const MS_PER_TICK = 10;

/**
 * Null when there is no such process, or no such system.
 *
 * @param {number | string} pid
 */
export function statOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // The name of a program may hold spaces; it stands in brackets, and the state is the first behind them.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ms = (from) => MS_PER_TICK * (Number(fields[from]) + Number(fields[from + 1]));
  return {
    parent: Number(fields[1]),
    /** In user and system mode. */
    ownMs: ms(11),
    /** Of children that have ended and were waited for. */
    endedMs: ms(13),
  };
}
