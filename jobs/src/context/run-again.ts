// What a job does when it is run again after it was stopped or killed, as the next step of its operator.

import type { Config } from "../config/schema.ts";
import { workRoot } from "./configured-inputs.ts";

/** A sentence for the line `next:`. */
export function runAgain(
  config: Pick<Config, "target" | "work" | "postgres">,
  isDryRun: boolean,
): string {
  const { database } = config.target;
  const place =
    database === undefined || isDryRun
      ? `${config.postgres.url === undefined ? "" : "its databases on the server, and in "}its work folder below ${workRoot(config)}`
      : "the target, and in its work folder";
  return (
    "run the same command again; on the same input it goes on after the last batch that was committed, " +
    `which stays in ${place}; a restore, an index or a dump that was under way begins again`
  );
}
