// What a program of PostgreSQL's wrote into its log, and the error that it means when the program would not go on.

import { readFile } from "node:fs/promises";
import {
  ConfigError,
  type ErrorOptions,
  type ForkliftError,
  TryAgainError,
} from "@forklift/pipeline";

/** Lines of the log that go into a message. */
const LINES_SHOWN = 5;

/** What a server that is not ready says of every look at it, in the C locale. */
const OF_A_LOOK = /FATAL: {2}the database system is/;

/** What the programs say, in the C locale, of a disk that is full or a quota that is used up. */
const NO_SPACE = /No space left on device|Disk quota exceeded/;

export async function tailOf(logFile: string, lines = LINES_SHOWN): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const said = text.split("\n").filter((line) => line.trim() !== "" && !OF_A_LOOK.test(line));
  return said.slice(-lines).join(" | ") || "it said nothing";
}

/** The error of a program that said why it would not go on: a full disk may have room later. */
export function refusal(message: string, options: ErrorOptions): ForkliftError {
  if (!NO_SPACE.test(message)) return new ConfigError(message, options);
  return new TryAgainError(message, {
    ...options,
    hint: "make room on that disk or set TMPDIR to another, then run the same command again",
  });
}
