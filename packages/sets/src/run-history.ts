// Keeps run records below `{network}-runs/` in the store of the sets, so that they outlive the
// machine. No reader of sets takes them for one.

import { SourceDataError } from "@forklift/pipeline";
import { readAll, type Store, textBytes } from "@forklift/storage";
import {
  decodeRunRecord,
  encodeRunRecord,
  isCrashed,
  type LivenessProbe,
  type RecipeName,
  type RunRecord,
} from "./run-record.ts";

/** A record has some 3 kB. */
const RECORD_BYTES_MAX = 1024 * 1024;

/** A year and a month of daily runs; older ones are removed, with their evidence. */
export const RUNS_KEPT = 400;

/** Sorts by time, and two runs of one second do not share a name. */
export function runId(started: Date, recipe: RecipeName, random: string): string {
  const stamp = started.toISOString().slice(0, 19).replaceAll(":", "-");
  return `${stamp}Z-${recipe}-${random}`;
}

/** By its id alone: the recipe stands between the time and the random end. */
function isOf(recipe: RecipeName, id: string): boolean {
  return id.slice(0, id.lastIndexOf("-")).endsWith(`Z-${recipe}`);
}

export function runsFolder(network: string): string {
  return `${network}-runs/`;
}

export interface RunHistory {
  write(record: RunRecord): Promise<void>;
  /** Whatever belongs to a run besides its record. Returns where it lies. */
  writeBeside(id: string, name: string, text: string): Promise<string>;
  /**
   * The newest first; records that cannot be read are reported to `warn`.
   * @param recipe only its runs; default: those of every recipe.
   */
  newest(count: number, recipe?: RecipeName): Promise<RunRecord[]>;
  /** Closes the records of dead runs, removes the oldest ones, and returns the dead. */
  sweep(now: Date, probe?: LivenessProbe): Promise<RunRecord[]>;
}

export function runHistory(
  store: Store,
  network: string,
  warn: (message: string) => void,
): RunHistory {
  const folder = runsFolder(network);
  const nameOf = (id: string) => `${folder}${id}.json`;

  /** On the web, which has no listing, nobody finds a record by its time. */
  async function names(): Promise<string[]> {
    if (!store.isListable) return [];
    const found: string[] = [];
    for await (const { name } of store.list(folder)) found.push(name);
    return found;
  }

  /** Ids, the newest first. */
  async function ids(): Promise<string[]> {
    return (await names())
      .filter((name) => /\/[^/.]+\.json$/.test(name))
      .map((name) => name.slice(folder.length, -".json".length))
      .sort()
      .reverse();
  }

  async function read(id: string): Promise<RunRecord | null> {
    try {
      const body = await store.open(nameOf(id));
      if (body === null) return null;
      const text = await readAll(body, RECORD_BYTES_MAX);
      return decodeRunRecord(text.toString("utf8"), nameOf(id));
    } catch (error) {
      if (!(error instanceof SourceDataError)) throw error;
      warn(`passed over run ${id}: ${error.message}`);
      return null;
    }
  }

  async function readMany(wanted: readonly string[]): Promise<RunRecord[]> {
    const records = await Promise.all(wanted.map(read));
    return records.filter((record) => record !== null);
  }

  async function write(record: RunRecord): Promise<void> {
    await store.write(nameOf(record.id), textBytes(encodeRunRecord(record)));
  }

  return {
    write,
    async writeBeside(id, name, text) {
      const object = `${folder}${id}.${name}`;
      await store.write(object, textBytes(text));
      return `${store.url}/${object}`;
    },
    async newest(count, recipe) {
      const wanted = (await ids()).filter((id) => recipe === undefined || isOf(recipe, id));
      const records = await readMany(wanted.slice(0, count));
      // Ids tell seconds, and two short runs may share one.
      return records.sort((a, b) => Date.parse(b.started) - Date.parse(a.started));
    },
    async sweep(now, probe) {
      const all = await ids();
      const [newestFollow] = all.filter((id) => isOf("follow", id));
      const tooOld = new Set(all.slice(RUNS_KEPT).filter((id) => id !== newestFollow));
      for (const name of tooOld.size === 0 ? [] : await names()) {
        if (tooOld.has(name.slice(folder.length).split(".")[0]!)) await store.remove(name);
      }
      const crashed: RunRecord[] = [];
      // One that has run for weeks stands far behind, and is the newest of its recipe.
      const follows = all.slice(SWEPT_MAX).filter((id) => isOf("follow", id));
      const looked = [...all.slice(0, SWEPT_MAX), ...follows.slice(0, FOLLOWS_SWEPT_MAX)];
      for (const record of await readMany(looked)) {
        if (!isCrashed(record, { now, probe })) continue;
        const closed: RunRecord = {
          ...record,
          state: "crashed",
          ended: record.updated,
          error: crashOf(record),
        };
        await write(closed);
        crashed.push(closed);
      }
      return crashed;
    },
  };
}

/** What is to be said of a run that has crashed, be its record closed or not. */
export function crashOf({ process: of, again }: RunRecord): NonNullable<RunRecord["error"]> {
  return {
    name: "Crash",
    message: `the process ${of.pid} on ${of.host} ended untold`,
    hint:
      "look for an out-of-memory kill or a lost node, then " +
      (again ?? "run the same command again"),
  };
}

/** Runs looked at for dead ones: each start looks, so the dead are among the newest. */
const SWEPT_MAX = 20;

/** Of follow, besides: it was begun once, and others every night. */
const FOLLOWS_SWEPT_MAX = 2;
