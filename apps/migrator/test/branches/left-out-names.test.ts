// The names of what a migration leaves out, for its verification: all of them or none.

import { expect, test } from "vitest";
import { LeftOutNames } from "../../src/branches/left-out-names.ts";

test("are known once a stage has begun to look, each of them, and no longer than they can be kept", () => {
  const names = new LeftOutNames(2);
  names.add("3Na");
  expect(names.all).toBeNull();
  names.begin();
  expect(names.all).toEqual(new Set());
  for (const name of ["3Na", "3Nb", "3Na"]) names.add(name);
  expect(names.all).toEqual(new Set(["3Na", "3Nb"]));
  names.add("3Nc");
  expect(names.all).toBeNull();
  names.add("3Nd");
  expect(names.all).toBeNull();
});
