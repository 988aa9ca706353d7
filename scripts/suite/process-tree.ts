// Measures the CPU time of a process and of all that it started, from Linux's /proc.

import { readdirSync, readFileSync } from "node:fs";

/** The unit of the kernel's clocks towards programs, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Places in /proc/PID/stat behind the program's name, which may itself hold blanks and brackets. */
const PARENT = 1;
const TIMES = [11, 12, 13, 14] as const;

/**
 * Seconds of processors that the process and its descendants have taken so far, those included that
 * have ended. 0 where there is no /proc.
 */
export function treeSeconds(root: number): number {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const pid of processIds()) {
    const fields = statOf(pid);
    if (fields === null) continue;
    parents.set(pid, Number(fields[PARENT]));
    ticks.set(
      pid,
      TIMES.reduce((sum, at) => sum + Number(fields[at]), 0),
    );
  }
  let sum = 0;
  for (const [pid, taken] of ticks) if (descendsFrom(pid, root, parents)) sum += taken;
  return sum / TICKS_PER_SECOND;
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []));
  } catch {
    return [];
  }
}

/** Null for a process that has ended since. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function descendsFrom(pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  let at: number | undefined = pid;
  while (at !== undefined && at !== root) at = parents.get(at);
  return at === root;
}
