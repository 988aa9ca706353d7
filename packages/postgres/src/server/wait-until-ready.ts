// Waits for a server of ours until it takes connections. One that was killed reads its log again before: as long as
// it says that it goes on it is waited for, since whoever ends it there makes the next start read all of it anew.

import type { ChildProcess } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { TryAgainError } from "@forklift/pipeline";
import { MS_PER_MINUTE, MS_PER_SECOND } from "@forklift/system";
import { connect } from "../session/session.ts";
import { refusal, tailOf } from "./server-log.ts";

/** A cold start takes under a second; half a minute allows for a machine that is very busy. */
export const START_TIMEOUT_MS = 30 * MS_PER_SECOND;

/** Of the log that a killed server reads again, on the slowest disk that anybody would run it on. */
const RECOVERY_BYTES_PER_SECOND = 1_000_000;
/** Beside that log it writes what the system had not written of its tables. */
const RECOVERY_TIMEOUT_MIN_MS = 10 * MS_PER_MINUTE;

const TELL_EVERY_MS = 10 * MS_PER_SECOND;

const POLL_FIRST_MS = 20;
const POLL_LAST_MS = MS_PER_SECOND;
/** The next look is this part of the time so far away. */
const POLL_SHARE = 10;

export interface Waiting {
  readonly child: ChildProcess;
  readonly url: string;
  /** The server's, with its log. */
  readonly dir: string;
  /** How long it may say nothing new, in milliseconds. */
  readonly silenceMaxMs: number;
  /** Told every `tellEveryMs` of how long it has been, and what the server says. */
  readonly inform?: ((message: string) => void) | undefined;
  /** Default: ten seconds. */
  readonly tellEveryMs?: number | undefined;
}

/** @returns milliseconds, by the size of the log that a server in the directory would read again. */
export async function recoverySilenceMs(dir: string): Promise<number> {
  const folder = path.join(dir, "data", "pg_wal");
  const names = await readdir(folder).catch(() => []);
  const sizes = names.map(async (name) => {
    const found = await stat(path.join(folder, name)).catch(() => null);
    return found?.isFile() === true ? found.size : 0;
  });
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  const readMs = (bytes / RECOVERY_BYTES_PER_SECOND) * MS_PER_SECOND;
  return Math.max(RECOVERY_TIMEOUT_MIN_MS, Math.round(readMs));
}

/**
 * @returns the version, for example 15.18.
 * @throws TryAgainError, ConfigError when it has ended, or has said nothing new for too long.
 */
export async function waitUntilReady(waiting: Waiting): Promise<string> {
  const { child, url, dir, silenceMaxMs, inform, tellEveryMs = TELL_EVERY_MS } = waiting;
  const startedMs = performance.now();
  let heardMs = startedMs;
  let toldMs = startedMs;
  let said = "";
  for (;;) {
    try {
      await using session = await connect(url, { applicationName: "forklift start" });
      const [row] = await session.query<{ server_version: string }>("show server_version");
      // A started server must not keep our process from ending; its watchdog does the rest.
      child.unref();
      return row?.server_version.split(" ")[0] ?? "";
    } catch (error) {
      if (!(error instanceof TryAgainError)) throw error;
      if (child.signalCode !== null) throw endedBy(child.signalCode, error);
      const nowMs = performance.now();
      if (child.exitCode !== null) throw await didNotStart(dir, error);
      if (nowMs - toldMs >= tellEveryMs) {
        toldMs = nowMs;
        const last = await tailOf(logOf(dir), 1);
        if (last !== said) heardMs = nowMs;
        said = last;
        const seconds = Math.round((nowMs - startedMs) / MS_PER_SECOND);
        inform?.(
          `waiting for the PostgreSQL server in ${dir} for ${seconds} s, and for as long as it says something ` +
            `new within ${Math.round(silenceMaxMs / MS_PER_SECOND)} s: ${last}`,
        );
      }
      if (nowMs - heardMs > silenceMaxMs) throw await didNotStart(dir, error);
      await delay(pollMs(nowMs - startedMs));
    }
  }
}

function pollMs(elapsedMs: number): number {
  return Math.min(POLL_LAST_MS, Math.max(POLL_FIRST_MS, elapsedMs / POLL_SHARE));
}

function endedBy(signal: NodeJS.Signals, cause: unknown): TryAgainError {
  return new TryAgainError(`the temporary PostgreSQL server was ended by ${signal}`, {
    cause,
    hint: "the machine may be short of memory, or somebody ended it: run the same command again",
  });
}

async function didNotStart(dir: string, cause: unknown): Promise<Error> {
  return refusal(`the temporary PostgreSQL server did not start: ${await tailOf(logOf(dir))}`, {
    cause,
    hint: "change what the server complains of, or give the URL of a server that runs",
  });
}

function logOf(dir: string): string {
  return path.join(dir, "server.log");
}
