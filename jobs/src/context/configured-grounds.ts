// What the commands of a job's blocks are to rest on besides one file: by an option, else by the configuration, else
// by what the job is. What is new each night is little, and its signatures cost little.

import { parseSignatureShare } from "@forklift/chain";
import type { CommandGrounds } from "@forklift/precomputed";
import type { JobName } from "@forklift/sets";
import type { Config } from "../config/schema.ts";

export function groundsOfJob(
  { signatures, agree }: Pick<Config, "signatures" | "agree">,
  job: JobName,
): CommandGrounds {
  const share = signatures ?? (job === "prime" ? "none" : "new");
  return { signatures: parseSignatureShare(share), agree };
}
