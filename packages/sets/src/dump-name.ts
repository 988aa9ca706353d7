// The names of dumps: `{prefix}-{YYYY-MM-DD}_{HHMM}.sql.tar.gz`, and the same with other endings where
// somebody packs them otherwise. The newest is found by the parsed date: mostly they are made at midnight, but
// not always, and a file's age says nothing.

import type { Store, StoredObject } from "@forklift/storage";
import { MS_PER_MINUTE } from "@forklift/system";

/** Minutes since 1970, UTC. */
export type DumpMinute = number;

export interface NamedDump extends StoredObject {
  readonly minute: DumpMinute;
}

/** Of the dumps that we write, and of the official ones. */
const SUFFIX = ".sql.tar.gz";

/**
 * Of those that we read as well. Of one minute the first of them is taken: they hold the same. What is not
 * packed is none of them: it may be what somebody is about to pack.
 */
const SUFFIXES = [SUFFIX, ".sql.tar.zst", ".tar.gz", ".tar.zst", ".sql.gz", ".sql.zst", ".dump"];

/** The old archive's dumps of a network. */
export function sourceDumpPrefix(network: string): string {
  return `${network}-archive-dump`;
}

/** The migrated archive's dumps of a network. */
export function migratedDumpPrefix(network: string): string {
  return `${network}-migrated-archive-dump`;
}

export function dumpName(prefix: string, minute: DumpMinute, suffix = SUFFIX): string {
  const iso = new Date(minute * MS_PER_MINUTE).toISOString();
  return `${prefix}-${iso.slice(0, 10)}_${iso.slice(11, 13)}${iso.slice(14, 16)}${suffix}`;
}

/** Null unless the name is exactly the prefix, a date that exists, and one of the suffixes. */
export function parseDumpName(prefix: string, name: string): DumpMinute | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})_(\d{2})(\d{2})(\..+)$/.exec(
    name.slice(prefix.length + 1),
  );
  if (match === null) return null;
  const suffix = match.pop()!;
  if (!SUFFIXES.includes(suffix)) return null;
  const [year, month, day, hour, minutes] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const minute = Date.UTC(year, month - 1, day, hour, minutes) / MS_PER_MINUTE;
  // A date that does not exist rolls over, and then the name would be another.
  return dumpName(prefix, minute, suffix) === name ? minute : null;
}

export function minuteOf(date: Date): DumpMinute {
  return Math.floor(date.getTime() / MS_PER_MINUTE);
}

/** The newest first; of one minute the preferred form first. */
export async function datedDumps(store: Store, prefix: string): Promise<NamedDump[]> {
  const dumps: NamedDump[] = [];
  for await (const object of store.list(prefix)) {
    const minute = parseDumpName(prefix, object.name);
    if (minute !== null) dumps.push({ ...object, minute });
  }
  return dumps.sort((a, b) => b.minute - a.minute || suffixRank(a.name) - suffixRank(b.name));
}

export async function newestDump(store: Store, prefix: string): Promise<NamedDump | null> {
  return (await datedDumps(store, prefix))[0] ?? null;
}

function suffixRank(name: string): number {
  return SUFFIXES.indexOf(name.slice(name.indexOf(".")));
}

/** Networks whose old archive's dumps lie in a store, by the names of the dumps. */
export async function networksWithDumps(store: Store): Promise<string[]> {
  const networks = new Set<string>();
  for await (const { name } of store.list()) {
    const [, network] = /^([a-z0-9][a-z0-9-]*)-archive-dump-/.exec(name) ?? [];
    if (network === undefined || network.endsWith("-migrated")) continue;
    if (parseDumpName(sourceDumpPrefix(network), name) !== null) networks.add(network);
  }
  return [...networks].sort();
}
