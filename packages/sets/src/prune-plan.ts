// Plans which sets of a store are kept, and in which storage class, from the rules and a day alone.

import { STORAGE_CLASSES, type StorageClass } from "@forklift/storage";
import { MS_PER_DAY } from "@forklift/system";
import type { PublishedSet } from "./published-sets.ts";

const DAYS_PER_WEEK = 7;
/** The first of January 1970 was a Thursday; weeks begin on Monday. */
const DAYS_TO_MONDAY = 3;

export interface Candidate extends PublishedSet {
  /** Whether its files were read and hold what its manifest says; null if nobody looked. */
  readonly isVerified: boolean | null;
}

export interface Decision {
  readonly set: PublishedSet;
  readonly action: "keep" | "remove";
  /** The rules that keep it; why it goes, when none does. */
  readonly reasons: readonly string[];
  /** The class that its files shall be in; null to leave them as they are. */
  readonly storageClass: StorageClass | null;
}

/** What is kept; a set that any rule keeps stays. */
export interface RetentionRules {
  /** The newest so many sets. */
  readonly last?: number | undefined;
  /** The newest set of each of the last so many days, weeks, months that have one (UTC). */
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  /** Count only sets whose files were read and hold what the manifest says. */
  readonly keepIfVerified?: boolean | undefined;
  /** Classes, with the age in days from which on the files of a set are in them. */
  readonly storageClass?: Readonly<Partial<Record<StorageClass, number>>> | undefined;
}

/**
 * @param sets complete ones, the newest first.
 * @param lastGood the name of the newest whose content was compared: it stays whatever the rules say.
 */
export function planRetention(
  sets: readonly Candidate[],
  { rules, lastGood, date }: { rules: RetentionRules; lastGood: string | null; date: Date },
): Decision[] {
  const counted = sets.filter(
    ({ isVerified }) => rules.keepIfVerified !== true || isVerified === true,
  );
  const reasons = new Map<string, string[]>(sets.map(({ name }) => [name, []]));
  const keep = (names: readonly string[], reason: string) => {
    for (const name of names) reasons.get(name)!.push(reason);
  };
  if (lastGood !== null) keep([lastGood], "last good set");
  keep(namesOf(sets.filter(({ manifest }) => manifest.final)), "final");
  if (rules.last !== undefined) keep(namesOf(counted.slice(0, rules.last)), `last ${rules.last}`);
  for (const [rule, periodOf] of Object.entries(PERIODS)) {
    const count = rules[rule as keyof typeof PERIODS];
    if (count !== undefined) keep(newestOfPeriods(counted, periodOf, count), `${rule} ${count}`);
  }
  return sets.map((set) => {
    const kept = reasons.get(set.name)!;
    return {
      set: { name: set.name, manifest: set.manifest },
      action: kept.length > 0 ? "keep" : "remove",
      reasons: kept.length > 0 ? kept : [whyNot(set, rules)],
      storageClass: kept.length > 0 ? classAt(ageDays(set, date), rules) : null,
    };
  });
}

function whyNot({ isVerified }: Candidate, { keepIfVerified }: RetentionRules): string {
  return keepIfVerified === true && isVerified === false
    ? "its files are not what its manifest says"
    : "no rule keeps it";
}

function namesOf(sets: readonly Candidate[]): string[] {
  return sets.map(({ name }) => name);
}

/** Days are those of UTC. */
const PERIODS = {
  daily: (day: number) => `${day}`,
  weekly: (day: number) => `${Math.floor((day + DAYS_TO_MONDAY) / DAYS_PER_WEEK)}`,
  monthly: (day: number) => new Date(day * MS_PER_DAY).toISOString().slice(0, 7),
};

/** The newest set of each of the last periods that have one. */
function newestOfPeriods(
  sets: readonly Candidate[],
  periodOf: (day: number) => string,
  count: number,
): string[] {
  const newest = new Map<string, string>();
  for (const set of sets) {
    const period = periodOf(Math.floor(createdMs(set) / MS_PER_DAY));
    if (!newest.has(period)) newest.set(period, set.name);
  }
  return [...newest.values()].slice(0, count);
}

function createdMs({ manifest }: PublishedSet): number {
  return new Date(manifest.created).getTime();
}

function ageDays(set: PublishedSet, date: Date): number {
  return (date.getTime() - createdMs(set)) / MS_PER_DAY;
}

/** The coldest class whose age is reached. */
function classAt(age: number, { storageClass = {} }: RetentionRules): StorageClass | null {
  const reached = STORAGE_CLASSES.filter((name) => age >= (storageClass[name] ?? Infinity));
  return reached.at(-1) ?? null;
}
