// Tests of the progress display on a terminal while a command runs.

import { runInProcess } from "@forklift/testkit";
import { expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

test("an error of a stage stands on a line of its own", async () => {
  const target = "postgres://forklift@127.0.0.1:1/archive";
  const { exit, stderr } = await runInProcess(
    forklift,
    ["restore", "--dump", "/nowhere.sql", "--db", target],
    { isTerminal: true },
  );
  expect(exit).toBe(75);
  expect(stderr).toMatch(/1\/1 restore …\nforklift: /);
});
