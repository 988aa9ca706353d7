// The files that are no objects yet: what is written, and the locks of what is compared and replaced. A
// file that is being written bears the mark of its process in its name, so that whoever finds it can tell.

import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Liveness, livenessOf, thisProcess } from "@forklift/system";

const KINDS = ["partial", "lock", "stale"] as const;

export type TemporaryKind = (typeof KINDS)[number];

/** Never an object. */
const TEMPORARY = /^\.(.+)\.(partial|lock|stale)$/;

/** What stands behind the object's name: process, where it is counted, its start, its machine, a number. */
const MARK = /^(.+)\.(\d+)-(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}$/;

/** What stands there without a mark: of an earlier version, or of a lock that was put aside. */
const UNMARKED = /^(.+?)(\.lock)?\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface TemporaryName {
  /** The name in its folder that the file was to get, or that the lock is of. */
  readonly of: string;
  readonly kind: TemporaryKind;
  /** Of the process that writes it. */
  readonly owner: Liveness;
}

export function partialPath(path: string): string {
  const { pid, namespace, start } = thisProcess();
  const mark = [pid, namespace, start, hostMark(), randomBytes(4).toString("hex")].join("-");
  return join(dirname(path), `.${basename(path)}.${mark}.partial`);
}

/** Null for the name of an object. */
export function parseTemporaryName(name: string): TemporaryName | null {
  const match = TEMPORARY.exec(name);
  if (match === null) return null;
  const [, before, kind] = match as unknown as [string, string, TemporaryKind];
  const marked = MARK.exec(before);
  if (marked === null) {
    return { of: UNMARKED.exec(before)?.[1] ?? before, kind, owner: "unknown" };
  }
  const [, of, pid, namespace, start, host] = marked as unknown as string[];
  if (host !== hostMark()) return { of: of!, kind, owner: "unknown" };
  const owner = livenessOf({ host: hostname(), pid: Number(pid), namespace, start });
  return { of: of!, kind, owner };
}

/** Names have 255 bytes, and hosts may take 64 of them. */
function hostMark(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}
