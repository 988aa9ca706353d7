// What every recipe promises by the order of its stages.

import { expect, test } from "vitest";
import { daily } from "../src/run/recipes/daily.ts";
import { final } from "../src/run/recipes/final.ts";
import { prime } from "../src/run/recipes/prime.ts";
import { finishPublication } from "../src/stages/finish-publication.ts";
import { publishSet } from "../src/stages/publish-set.ts";
import { verifyTarget } from "../src/stages/verify-target.ts";

test.each(Object.entries({ prime, daily, final }))(
  "every recipe verifies before it publishes: %s",
  (_name, recipeOf) => {
    const ids = recipeOf({ history: "complete", isFromBlocks: false }).map(({ id }) => id);
    expect(ids.indexOf(verifyTarget.id)).toBeGreaterThan(0);
    expect(ids.indexOf(verifyTarget.id)).toBeLessThan(ids.indexOf(publishSet.id));
    expect(ids.slice(-2)).toEqual([publishSet.id, finishPublication.id]);
  },
);
