// The source of one run, chosen over the configuration: what is read, and what an interrupted run is known by.

import { ConfigError } from "@forklift/pipeline";
import { NO_CRASH } from "@forklift/testkit";
import { expect, test } from "vitest";
import { withChosenSource } from "../src/config/chosen-source.ts";
import { configSchema } from "../src/config/schema.ts";
import { keyOfJob } from "../src/context/job-key.ts";
import { openJob } from "./stages/job-sandbox.ts";

const configOf = (source: object) =>
  configSchema.parse({ network: "sample", source, target: { store: "file:///store/" } });

const LIVE = "postgres://forklift:secret@host/archive";

test("replaces the whole section, of whatever kind the configuration's is", () => {
  const ofDumps = configOf({ dumps: "file:///dumps/" });
  expect(withChosenSource(ofDumps, { sourceDb: LIVE }).source).toEqual({
    blocks: false,
    database: LIVE,
  });
  const ofLive = configOf({ database: LIVE });
  const chosen = withChosenSource(ofLive, { sourceDumps: "./nights" });
  expect(chosen).toEqual({ ...ofLive, source: { blocks: false, dumps: "./nights" } });
  expect(withChosenSource(ofLive, {})).toBe(ofLive);
});

test.each([
  ["--source-db", { sourceDb: "postgres://forklift:secret@host" }],
  ["--source-dumps", { sourceDumps: "https://user:secret@/" }],
])("%s that is none is refused, and no secret told", (option, options) => {
  const choose = () => withChosenSource(configOf({}), options);
  expect(choose).toThrow(ConfigError);
  expect(choose).toThrow(new RegExp(`^${option}: (?!.*secret)`));
});

test("an interrupted run is known by the source that was chosen", {
  tags: ["only-in-all"],
}, async () => {
  await using sandbox = await openJob();
  await using opened = await sandbox.open(NO_CRASH);
  const keyWith = async (sourceDb: string) =>
    (await keyOfJob(withChosenSource(configOf({}), { sourceDb }), opened.context)).input["source"];
  expect(await keyWith(LIVE)).toBe("postgres://forklift:***@host/archive");
  expect(await keyWith("postgres://host/another")).toBe("postgres://host/another");
});
