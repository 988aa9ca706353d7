import { replayOf } from "@forklift/replayer";
import { finishPublication } from "../../stages/finish-publication.ts";
import { publishSet } from "../../stages/publish-set.ts";
import { requireNewStore } from "../../stages/require-new-store.ts";
import { verifyTarget } from "../../stages/verify-target.ts";
import { migrationOfJob, type Recipe, type RecipeChoice, sourceOfJob } from "./recipe.ts";

/** The first run: the whole history up to the highest canonical block. */
export const prime = (choice: RecipeChoice): Recipe => [
  requireNewStore,
  ...sourceOfJob(choice),
  ...migrationOfJob(choice),
  ...replayOf(choice.history),
  verifyTarget,
  publishSet,
  finishPublication,
];

/** Of a prime that was interrupted after it had written its manifest. */
export const restOfPrime: Recipe = [finishPublication];
