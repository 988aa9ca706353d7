import { migration } from "@forklift/migrator";
import { replay } from "@forklift/replayer";
import { finishPublication } from "../../stages/finish-publication.ts";
import { publishSet } from "../../stages/publish-set.ts";
import { restoreSource } from "../../stages/restore-source.ts";
import { restoreTarget } from "../../stages/restore-target.ts";
import { verifyTarget } from "../../stages/verify-target.ts";
import type { Recipe } from "./recipe.ts";

/** Every night: what the old archive has gained since the newest set. */
export const daily: Recipe = [
  restoreSource,
  restoreTarget,
  ...migration,
  ...replay,
  verifyTarget,
  publishSet,
  finishPublication,
];
