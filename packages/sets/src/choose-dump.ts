// Chooses the dump of the old archive that a job starts from: the newest that is not named in the future;
// and for a daily job with a waiting time, tonight's, or none.

import { setTimeout as delay } from "node:timers/promises";
import { ConfigError, SourceDataError, TryAgainError, throwIfStopped } from "@forklift/pipeline";
import type { Store } from "@forklift/storage";
import { MS_PER_MINUTE } from "@forklift/system";
import {
  type DumpMinute,
  datedDumps,
  minuteOf,
  type NamedDump,
  networksWithDumps,
} from "./dump-name.ts";

const MINUTES_PER_DAY = 24 * 60;
/** A listing costs a request or two; who waits for an hour does not mind half a minute. */
const POLL_MS = 30_000;

/** Receives the messages while the job waits. */
export interface DumpChoiceLog {
  info(event: object, message: string): void;
  warn(message: string): void;
}

export interface PassedOverDump {
  readonly name: string;
  /** Why, in a sentence. */
  readonly reason: string;
}

export interface DumpChoice {
  /** Null takes whatever is newest. */
  readonly wait: {
    readonly limitMs: number;
    /** When the time is up, the newest will do. */
    readonly isOlderAllowed: boolean;
  } | null;
  /** The time of day: tonight is the day in UTC, as in the names of dumps. */
  readonly date: () => Date;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly log: DumpChoiceLog;
  /** Called once for each dump that is not looked at; default: a warning in the log. */
  readonly passOver?: (dump: PassedOverDump) => void;
  readonly pollMs?: number;
}

/**
 * @throws SourceDataError when the store holds no dump, ConfigError when only other networks' ones,
 * TryAgainError when tonight's does not come in time.
 */
export async function chooseDump(
  store: Store,
  prefix: string,
  { wait, date, now, signal, log, passOver = warnOf(log), pollMs = POLL_MS }: DumpChoice,
): Promise<NamedDump> {
  const midnight = midnightBefore(date());
  const startedMs = now();
  const ahead = new Set<string>();
  for (let round = 0; ; round++) {
    const dump = await newestOfNow();
    if (wait === null) return dump ?? (await refuseWithoutDump(store, prefix, [...ahead]));
    if (dump !== null && dump.minute >= midnight) return dump;
    const leftMs = wait.limitMs - (now() - startedMs);
    if (leftMs <= 0) return await withoutTonights(dump, wait.isOlderAllowed);
    const newest = dump?.name ?? "none";
    const event = { store: store.url, newest, minutes: Math.ceil(leftMs / MS_PER_MINUTE) };
    if (round === 0) log.info(event, "waiting for tonight's dump");
    await pause(Math.min(pollMs, leftMs));
  }

  /** A name in the future would be the newest for ever, and no dump of a night would be looked at. */
  async function newestOfNow(): Promise<NamedDump | null> {
    for (const dump of await datedDumps(store, prefix)) {
      if (dump.minute <= minuteOf(date()) + MINUTES_PER_DAY) return dump;
      if (ahead.has(dump.name)) continue;
      ahead.add(dump.name);
      passOver({ name: dump.name, reason: "it is named more than a day ahead of now" });
    }
    return null;
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal }).catch(() => undefined);
    throwIfStopped(signal, "waiting for tonight's dump");
  }

  async function withoutTonights(dump: NamedDump | null, isOlderAllowed: boolean) {
    const day = new Date(midnight * MS_PER_MINUTE).toISOString().slice(0, 10);
    const found = dump === null ? "the store holds none" : `the newest is ${dump.name}`;
    const sentence = `${store.url} holds no ${prefix} of ${day}: ${found}`;
    if (dump === null || !isOlderAllowed) {
      throw new TryAgainError(sentence, {
        hint: "see why it was not made; --allow-older-dump goes on with the newest there is",
      });
    }
    log.warn(`${sentence}; it is taken, as was told`);
    return dump;
  }
}

function warnOf(log: DumpChoiceLog) {
  return ({ name, reason }: PassedOverDump) => log.warn(`passed over the dump ${name}: ${reason}`);
}

function midnightBefore(date: Date): DumpMinute {
  const minute = minuteOf(date);
  return minute - (minute % MINUTES_PER_DAY);
}

/** @param ahead names of dumps in the future. */
async function refuseWithoutDump(
  store: Store,
  prefix: string,
  ahead: readonly string[],
): Promise<never> {
  if (ahead.length > 0) {
    throw new SourceDataError(
      `${store.url} holds no dump named ${prefix} of now: ${ahead.join(", ")} lies more than a day ahead`,
      { hint: "give that dump its right date, or set the clock of this machine" },
    );
  }
  const message = `${store.url} holds no dump named ${prefix}-{YYYY-MM-DD}_{HHMM}.sql.tar.gz`;
  const hint = "check source.dumps and network in the configuration";
  const others = await networksWithDumps(store);
  if (others.length === 0) throw new SourceDataError(message, { hint });
  throw new ConfigError(`${message}, but dumps of ${others.join(", ")}`, { hint });
}
