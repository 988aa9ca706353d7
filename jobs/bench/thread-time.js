// Processor time as the operating system counts it (Linux), in milliseconds: what a thread or a program
// has really run, however busy the machine is beside it.

import { readFileSync } from "node:fs";
import { statOf } from "./proc-stat.js";

const MS_PER_NS = 1e-6;
const MS_PER_US = 1e-3;

/** Of the calling thread: by Node from 23.9 on, before by the kernel, which counts nanoseconds as well. */
export function threadMs() {
  if (process.threadCpuUsage !== undefined) {
    const { user, system } = process.threadCpuUsage();
    return (user + system) * MS_PER_US;
  }
  const [ran] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ");
  return Number(ran) * MS_PER_NS;
}

/** Of the calling process, all its threads together. */
export function processMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) * MS_PER_US;
}

/** Of a PostgreSQL server on this machine, with every process that it has begun. */
export function serverMs(backendPid) {
  const { parent } = statOf(backendPid);
  const server = statOf(parent);
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8")
    .trim()
    .split(" ");
  const ownMs = children.map((pid) => statOf(pid)?.ownMs ?? 0);
  return ownMs.reduce((sum, ms) => sum + ms, server.ownMs + server.endedMs);
}
