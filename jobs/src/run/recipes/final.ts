import { daily } from "./daily.ts";
import type { Recipe } from "./recipe.ts";

/**
 * Once, at the fork: the steps of daily. What differs lies in the context that they work on: the stop
 * point, the whole verification, the mark on the set; and a dry run publishes nothing.
 */
export const final: Recipe = daily;
