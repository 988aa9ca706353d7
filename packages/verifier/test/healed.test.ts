import { expect, test } from "vitest";
import { type HealedPart, isHealed } from "../src/healed.ts";

const ofSource = (...parts: readonly HealedPart[]) => ({ healed: new Set(parts) });

test("the source is asked for every part of a block but those that were healed", () => {
  expect(isHealed({}, "block")).toBe(false);
  expect(isHealed(ofSource("user commands"), "block")).toBe(false);
  expect(isHealed(ofSource("user commands"), "user commands")).toBe(true);
  expect(isHealed(ofSource("creation fees"), "user commands", "creation fees")).toBe(true);
});

test("of a block that it lacks, the source is asked for nothing", () => {
  expect(isHealed(ofSource("all"), "block")).toBe(true);
  expect(isHealed(ofSource("all"), "internal commands")).toBe(true);
});
