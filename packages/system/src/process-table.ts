// The processes of this machine, as the operating system lists them.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { MS_PER_SECOND } from "./units.ts";

/** The kernel counts start times in hundredths of a second, whatever its own clock ticks. */
const MS_PER_TICK = 10;

const BYTES_PER_KIB = 1024;

/**
 * When the process began, as digits that mean nothing but equal or not; undefined when there is no
 * such process. In a container every run may well be process 1: its number alone says nothing.
 */
export function processStart(pid: number): string | undefined {
  if (process.platform !== "linux") return startByPs(pid);
  // Field 22, the start time; the second field may hold spaces and ends with the last parenthesis.
  const stat = readProc(`${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended; only its parent has not waited for it yet.
  return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
}

/** Milliseconds since 1970; undefined when there is no such process, or it is unknown. */
export function startTimeOf(pid: number): number | undefined {
  const start = processStart(pid);
  if (start === undefined) return undefined;
  if (process.platform !== "linux") return Number(start);
  const boot = /^btime (\d+)$/m.exec(readProc("stat") ?? "")?.[1];
  if (boot === undefined) return undefined;
  return Number(boot) * MS_PER_SECOND + Number(start) * MS_PER_TICK;
}

export function commandLineOf(pid: number): string | undefined {
  if (process.platform !== "linux") return psField(pid, "command");
  return readProc(`${pid}/cmdline`)?.replaceAll("\0", " ");
}

/** False when there is no such process, be it that it has ended since somebody looked. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/**
 * The greatest resident memory of the process so far, in bytes; undefined when there is no such process,
 * or the system does not tell. What `getrusage` tells of a process itself counts the memory of the process
 * that started it as well: Linux carries that figure over `fork` and `exec`.
 */
export function peakMemoryOfProcess(pid: number): number | undefined {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`) ?? "")?.[1];
  return kib === undefined ? undefined : Number(kib) * BYTES_PER_KIB;
}

/** Of this process, in bytes. */
export function peakMemory(): number {
  return peakMemoryOfProcess(process.pid) ?? process.resourceUsage().maxRSS * BYTES_PER_KIB;
}

function readProc(name: string): string | undefined {
  try {
    return readFileSync(`/proc/${name}`, "utf8");
  } catch {
    return undefined;
  }
}

/** Milliseconds since 1970, in whole seconds. */
function startByPs(pid: number): string | undefined {
  const started = psField(pid, "lstart");
  return started === undefined ? undefined : `${Date.parse(started)}`;
}

function psField(pid: number, field: string): string | undefined {
  try {
    const output = execFileSync("ps", ["-o", `${field}=`, "-p", String(pid)], { encoding: "utf8" });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
}
