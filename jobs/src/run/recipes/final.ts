import { askCandidate } from "../../stages/check-candidate.ts";
import { daily } from "./daily.ts";
import { type Recipe, type RecipeChoice, sourceOfJob } from "./recipe.ts";

/**
 * Once, at the fork: the steps of daily, once the block to end in is one that the network forks from. What
 * differs else lies in the context that they work on: the stop point, the whole verification, the mark on
 * the set; and a dry run publishes nothing.
 */
export const final = (choice: RecipeChoice): Recipe => {
  const source = sourceOfJob(choice);
  return [...source, askCandidate, ...daily(choice).slice(source.length)];
};
