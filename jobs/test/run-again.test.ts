// What a job says it does when it is run again, and where that which it goes on with lies.

import { expect, test } from "vitest";
import { configSchema } from "../src/config/schema.ts";
import { runAgain } from "../src/context/run-again.ts";

const STORE = "file:///store/";

const said = (target: object, isDryRun: boolean, postgres: object = {}) =>
  runAgain(
    configSchema.parse({ network: "mainnet", target, postgres, work: { dir: "/var/lib/lift" } }),
    isDryRun,
  );

test("it goes on in the target that the configuration names", () => {
  expect(said({ store: STORE, database: "postgres://host/target" }, false)).toMatch(
    /goes on after the last batch that was committed, which stays in the target/,
  );
});

test.each([
  ["without such a target", { store: STORE }, false],
  ["of a dry run, which does not touch it", { store: STORE, database: "postgres://h/t" }, true],
])("%s it goes on in its work folder", (_what, target, isDryRun) => {
  const text = said(target, isDryRun);
  expect(text).toContain("which stays in its work folder below /var/lib/lift");
  expect(text).not.toContain("in the target");
});

test("on a server of the operator's it goes on in its databases there, too", () => {
  expect(said({ store: STORE }, false, { url: "postgres://host/" })).toContain(
    "which stays in its databases on the server, and in its work folder below /var/lib/lift",
  );
});
