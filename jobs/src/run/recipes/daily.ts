import type { History } from "@forklift/chain";
import { replayOf } from "@forklift/replayer";
import { finishPublication } from "../../stages/finish-publication.ts";
import { publishSet } from "../../stages/publish-set.ts";
import { restoreSource } from "../../stages/restore-source.ts";
import { restoreTarget } from "../../stages/restore-target.ts";
import { verifyTarget } from "../../stages/verify-target.ts";
import { migrationOfJob, type Recipe } from "./recipe.ts";

/** Every night: what the old archive has gained since the newest set. */
export const daily = (history: History): Recipe => [
  restoreSource,
  restoreTarget,
  ...migrationOfJob(history),
  ...replayOf(history),
  verifyTarget,
  publishSet,
  finishPublication,
];
