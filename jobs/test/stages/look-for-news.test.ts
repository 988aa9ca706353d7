// The laws of the stage that looks for news, and what it asks of a target that the operator gave.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "@forklift/postgres";
import { publishedSets, setInput } from "@forklift/sets";
import { digestOf } from "@forklift/storage";
import { manifestOf, NETWORK, NO_CRASH, type Sandbox, stageLaws } from "@forklift/testkit";
import { readVersions } from "@forklift/verifier";
import { expect, test } from "vitest";
import { lookForNews, type NewsContext } from "../../src/stages/look-for-news.ts";
import { markProven } from "../../src/stages/proven-height.ts";
import { jobAfter, openJob, storeAt } from "./job-sandbox.ts";

const NAME = `${NETWORK}-archive-dump-2024-06-04_0000.sql.tar.gz`;
const DUMP = Buffer.from("a dump");
const SETTINGS = setInput("settings", {
  name: "settings.json",
  ...digestOf(Buffer.from("{}")),
});
const INPUTS = [setInput("source-dump", { name: NAME, ...digestOf(DUMP) }), SETTINGS];

/** A store with a dump of that name, and a set that was made from one. */
async function openSandbox(there: Buffer | null): Promise<Sandbox<NewsContext>> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-laws-"));
  const file = path.join(home, NAME);
  if (there !== null) await writeFile(file, there);
  return {
    contents: () => readFile(file, "utf8"),
    async open() {
      const dump = { store: storeAt(home), name: NAME, minute: 1, bytes: BigInt(DUMP.length) };
      const context = {
        set: manifestOf({ height: 10, inputs: INPUTS }),
        requireOrphans: false,
        sourceDump: there === null ? null : dump,
        ...{ settings: SETTINGS, givenTargetUrl: null },
      };
      return { context, async [Symbol.asyncDispose]() {} };
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true }),
  };
}

stageLaws({
  makes: "nothing",
  stage: lookForNews,
  openSandbox: () => openSandbox(Buffer.from("a song")),
  // A live source.
  empty: { openSandbox: () => openSandbox(null), ends: "well" },
  wrongInputs: {},
  damage: {},
});

test("a given target is asked whether it is untouched since the set was proven", {
  tags: ["only-in-all"],
}, async () => {
  await using dumps = await openSandbox(DUMP);
  await using sandbox = await openJob(await jobAfter("publish-set"));
  const store = storeAt(path.join(sandbox.home, "store"));
  const { name, manifest } = (await publishedSets(store, NETWORK, expect.unreachable).newest())!;
  expect(manifest).toMatchObject({ version: 2, inputs: [{ role: "settings" }] });
  const set = { name, manifest: { ...manifest, inputs: INPUTS } };
  const { context } = await dumps.open(NO_CRASH);
  const plan = () => lookForNews.plan({ ...context, set, givenTargetUrl: sandbox.targetUrl });
  const news = { news: expect.stringContaining("the target is not as it was when") as string };
  expect(await plan()).toEqual(news);
  const { height, stateHash, digests } = manifest;
  {
    await using target = await connect(sandbox.targetUrl, { applicationName: "forklift test" });
    const versions = await readVersions(target);
    await markProven(target, { height: String(height), stateHash, digests, versions });
  }
  expect(await plan()).toEqual({
    skip: expect.stringContaining("there is no newer dump") as string,
  });
  await sandbox.changeTarget("update blocks set timestamp = timestamp where height = 9");
  expect(await plan()).toEqual(news);
});
