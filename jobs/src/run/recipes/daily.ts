import { replayOf } from "@forklift/replayer";
import { finishPublication } from "../../stages/finish-publication.ts";
import { publishSet } from "../../stages/publish-set.ts";
import { restoreTarget } from "../../stages/restore-target.ts";
import { verifyTarget } from "../../stages/verify-target.ts";
import { migrationOfJob, type Recipe, type RecipeChoice, sourceOfJob } from "./recipe.ts";

/** Every night: what the old archive has gained since the newest set. */
export const daily = (choice: RecipeChoice): Recipe => [
  ...sourceOfJob(choice),
  restoreTarget,
  ...migrationOfJob(choice),
  ...replayOf(choice.history),
  verifyTarget,
  publishSet,
  finishPublication,
];
