import { migrationOf, migrationOfFiles } from "@forklift/migrator";
import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { replayOf } from "@forklift/replayer";
import type { FollowContext } from "../../context/follow-context.ts";
import { finishPublication } from "../../stages/finish-publication.ts";
import { publishSet } from "../../stages/publish-set.ts";
import { verifyFollowed } from "../../stages/verify-followed.ts";
import type { Recipe, RecipeChoice } from "./recipe.ts";

/** Every interval: what the source has gained. The first time that is the whole history. */
export const cycle = ({
  history,
  isFromBlocks,
}: RecipeChoice): readonly Stage<FollowContext, Session>[] => [
  ...(isFromBlocks ? migrationOfFiles(history) : migrationOf(history)),
  ...replayOf(history),
  verifyFollowed,
];

/** Whenever `follow.publish` says so: what the last cycle has verified. */
export const publication = (): Recipe => [publishSet, finishPublication];
