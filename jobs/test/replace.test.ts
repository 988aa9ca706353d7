// prime --replace takes the place of the sets that a store holds, files included.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { forkliftJson, serverUrl } from "@forklift/testkit";
import { expect, test } from "vitest";
import type { JobOutcome } from "../src/run-job.ts";
import { decodeManifest } from "../src/sets/manifest.ts";
import { filesIn } from "./contents.ts";

test("a replaced set leaves nothing behind, and the new one is whole", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-replace-"));
  try {
    const network = path.join(home, "network");
    const store = path.join(network, "store");
    await forkliftJson(["sample", "--out", network, "--blocks", "30", "--finality", "5"]);
    const prime = async (...more: string[]) =>
      await forkliftJson<JobOutcome>(
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
