// The projection of what a run came to: all that it says of the archive, without times, durations and the ids
// of runs. However often a run was killed, and in however many steps it was done, its projection is that of a
// run at once which nobody disturbs.

import { hash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { writeDump } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";

/** What is of the run, in reports, outcomes and manifests alike. */
const OF_THE_RUN: ReadonlySet<string> = new Set([
  ...["elapsedMs", "seconds", "durations", "created", "runId", "resumedAbove"],
  // Numbers of the server's transactions, which count the attempts too.
  "versions",
]);

/** @param value plain data, or what stands for it: a report, an outcome, a manifest. */
export function projectionOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(projectionOf);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([key]) => !OF_THE_RUN.has(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, projectionOf(inner)]));
}

/** Of a target: all lines of its dump, serial ids and all, as a digest. */
export async function projectionOfTarget(url: string): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-projection-"));
  try {
    const out = path.join(home, "target.sql");
    await writeDump({ url, ddl: await readSchema("berkeley"), out, writer: "own" });
    return hash("sha256", sortedLines(await readFile(out, "utf8")));
  } finally {
    await rm(home, { recursive: true });
  }
}

/** A tar file begins with the head of its one member, which says when it was packed. */
const TAR_HEAD_BYTES = 512;

interface ListedFile {
  readonly role: string;
  readonly name: string;
}

/**
 * Of the sets in a store on the disk, by the names of their manifests: each manifest, with the report itself and
 * a digest of the lines of the dump where it names files whose names and heads bear times.
 */
export async function projectionOfSets(store: string): Promise<Record<string, unknown>> {
  const names = (await readdir(store)).filter((name) => /-set-\d+-\w+\.json$/.test(name)).sort();
  const sets = names.map(async (name): Promise<[string, unknown]> => {
    const manifest = await readJson(path.join(store, name));
    const files = (manifest["files"] as ListedFile[]).map((file) => fileIn(store, file));
    return [name, projectionOf({ ...manifest, files: await Promise.all(files) })];
  });
  return Object.fromEntries(await Promise.all(sets));
}

async function fileIn(store: string, { role, name, ...digests }: ListedFile): Promise<unknown> {
  const file = path.join(store, name);
  if (role === "report") return { role, report: await readJson(file) };
  if (role !== "dump") return { role, name, ...digests };
  const sql = gunzipSync(await readFile(file))
    .subarray(TAR_HEAD_BYTES)
    .toString();
  return { role, sql: hash("sha256", sortedLines(sql)) };
}

/** Serial ids and all; where a row lies in its table tells of the attempts, and pg_dump draws a key for each dump. */
function sortedLines(sql: string): string {
  const lines = sql.split("\n").filter((line) => !/^\\(un)?restrict /.test(line));
  return lines.sort().join("\n");
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
}
