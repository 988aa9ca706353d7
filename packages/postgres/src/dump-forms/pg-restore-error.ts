// Maps the errors that pg_restore reports to forklift's errors, each with its exit code.

import {
  ConfigError,
  DamagedDataError,
  type ForkliftError,
  TryAgainError,
} from "@forklift/pipeline";

const SAID_CHARACTERS_MAX = 300;

/** Of an archive that a newer pg_dump wrote, or one with what this program was built without. */
const CANNOT_WORDS = /unsupported version \([\d.]+\) in file header|not support(?:ed)? /i;
const COMPRESSION_WORDS = /compress/i;

/** Signals that a program brings upon itself. */
const CRASHES = ["SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGTRAP"];

interface End {
  readonly version: string;
  readonly killedBy: NodeJS.Signals | null;
}

export function pgRestoreError(complaints: string, { version, killedBy }: End): ForkliftError {
  const said = complaints.trim().split("\n").at(-1) ?? "";
  const shown = said.replace(/^pg_restore: (?:error: )?/, "").slice(0, SAID_CHARACTERS_MAX);
  if (killedBy !== null && !CRASHES.includes(killedBy)) {
    return new TryAgainError(`pg_restore ${version} was ended by ${killedBy}`, {
      hint: "something else ended it, often the system for want of memory: see its log, then run again",
    });
  }
  const isNewer = /unsupported version/.test(said);
  if (isNewer || (CANNOT_WORDS.test(said) && COMPRESSION_WORDS.test(said))) {
    return new ConfigError(
      `pg_restore ${version}, the newest of this machine, cannot read the dump: ${shown}`,
      {
        hint:
          "install client programs as new as the pg_dump that made the dump, or make it with " +
          "pg_dump --format=plain",
      },
    );
  }
  const why = shown || (killedBy === null ? "it said nothing" : `it ended with ${killedBy}`);
  return new DamagedDataError(`pg_restore ${version} cannot read the dump: ${why}`, {
    hint: "the dump is damaged or truncated; get it again",
  });
}
