// prime --replace replaces the sets that a store holds, files included.
// @module-tag only-in-all

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeManifest } from "@forklift/sets";
import { filesIn, inProcess, serverUrl } from "@forklift/testkit";
import { expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { JobOutcome } from "../src/run/run-job.ts";

const { runJson } = inProcess(forklift);

test("a replaced set leaves nothing behind, and the new one is whole", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-replace-"));
  try {
    const network = path.join(home, "network");
    const store = path.join(network, "store");
    await runJson(["sample", "--out", network, "--blocks", "30", "--finality", "5"]);
    const prime = async (...more: string[]) =>
      await runJson<JobOutcome>(
        ["prime", "--config", path.join(network, "forklift.yaml"), ...more],
        { env: { FORKLIFT_POSTGRES_URL: serverUrl() } },
      );
    await prime();
    const before = Object.keys(await filesIn(store));
    const { set, published } = await prime("--replace");
    expect(published).toBe(true);

    const after = Object.keys(await filesIn(store));
    const { files } = decodeManifest(await readFile(path.join(store, set!), "utf8"), set!);
    const names = [set, "sample-latest.json", ...files.map(({ name }) => name)];
    expect(after.sort()).toEqual(names.sort());
    const pointer = await readFile(path.join(store, "sample-latest.json"), "utf8");
    expect(JSON.parse(pointer)).toMatchObject({ set });
    const dumpsOf = (names: string[]) => names.filter((name) => name.includes("-dump-"));
    expect(dumpsOf(after)).not.toEqual(dumpsOf(before));
  } finally {
    await rm(home, { recursive: true });
  }
});
