// Whether a process written down earlier is the one that has its number now.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Tells processes with one number apart: in a container every run may well be process 1. Undefined
 * when there is no such process. The text means nothing but equal or not.
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform !== "linux") return psField(pid, "lstart");
  // Field 22, the start time; the second field may hold spaces and ends with the last parenthesis.
  const stat = readProc(pid, "stat");
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended; only its parent has not asked yet.
  return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
}

export function commandLineOf(pid: number): string | undefined {
  if (process.platform !== "linux") return psField(pid, "command");
  return readProc(pid, "cmdline")?.replaceAll("\0", " ");
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}

function psField(pid: number, field: string): string | undefined {
  try {
    const output = execFileSync("ps", ["-o", `${field}=`, "-p", String(pid)], { encoding: "utf8" });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
}
