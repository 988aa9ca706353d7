// What a job does when it is run again after it was stopped or killed, as the next step of its operator.

import type { Config } from "../config/schema.ts";
import { workRoot } from "./configured-inputs.ts";

/** A sentence for the line `next:`. What is not committed yet, as a restore that is under way, is done again. */
export function runAgain(config: Pick<Config, "target" | "work">, isDryRun: boolean): string {
  const { database } = config.target;
  const place =
    database === undefined || isDryRun
      ? `its work folder below ${workRoot(config)}`
      : "the target, and in its work folder";
  return (
    "run the same command again; on the same input it goes on after the last batch that was committed, " +
    `which stays in ${place}`
  );
}
