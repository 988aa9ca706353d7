// Processor time of a process and of all that it has started, PostgreSQL included: as Linux counts it in
// /proc, where what has ended counts with whoever waited for it. In seconds; null on other systems.

import { readdirSync } from "node:fs";
import { statOf } from "./proc-stat.js";

/** So far, of a process that runs. */
export function processorSeconds(root) {
  if (statOf(root) === null) return null;
  const living = new Map();
  for (const name of readdirSync("/proc")) {
    const stat = /^[0-9]+$/.test(name) ? statOf(name) : null;
    if (stat !== null) living.set(Number(name), stat);
  }
  const isOfTree = (pid) => pid === root || (living.has(pid) && isOfTree(living.get(pid).parent));
  const tree = [...living].filter(([pid]) => isOfTree(pid));
  return tree.reduce((sum, [, { ownMs, endedMs }]) => sum + ownMs + endedMs, 0) / 1000;
}

/** Of all that this process has started and that has ended. */
export function endedSeconds() {
  const own = statOf("self");
  return own && own.endedMs / 1000;
}
