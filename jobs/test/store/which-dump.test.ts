// Which dump a job takes where the newest is named in the future or cut off, and who is told.
// @module-tag only-in-all

import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeManifest, decodeRunRecord, fileOf } from "@forklift/sets";
import { inProcess, serverUrl } from "@forklift/testkit";
import { expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";
import type { Status } from "../../src/run/status.ts";

const { runJson, run, expectRefusal } = inProcess(forklift);

const env = { FORKLIFT_POSTGRES_URL: serverUrl() };

test("a dump of the future is passed over, a cut one only where an older one will do; both are told of", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-which-dump-"));
  try {
    const sample = ["--blocks", "30", "--finality", "5", "--days", "3"];
    await runJson(["sample", "--out", home, ...sample]);
    const dumps = path.join(home, "dumps");
    const [, older, cut] = (await readdir(dumps)).sort() as [string, string, string];
    const bytes = await readFile(path.join(dumps, cut));
    await writeFile(path.join(dumps, cut), bytes.subarray(0, bytes.length / 2));
    const future = "sample-archive-dump-2999-01-01_0000.sql.tar.gz";
    await copyFile(path.join(dumps, older), path.join(dumps, future));

    const config = ["--config", path.join(home, "forklift.yaml")];
    await expectRefusal(["prime", ...config], {
      ...{ exit: 65, says: [cut, "is damaged: unexpected end of file"], env },
      next: `--set schedule.allowOlderDump=true goes on with ${older}`,
    });

    const allowed = [...config, "--set", "schedule.allowOlderDump=true"];
    const { stderr, stdout } = await run(["prime", ...allowed, "--json"], { env });
    expect(stderr).toContain(
      `passed over the dump ${future}: it is named more than a day ahead of now`,
    );
    expect(stderr).toContain(`passed over the dump ${cut}: `);
    const outcome = JSON.parse(stdout) as JobOutcome;
    expect(outcome.published).toBe(true);
    expect(outcome.dumpsPassedOver.map(({ name }) => name)).toEqual([future, cut]);
    const restored = outcome.stages.find(({ stage }) => stage === "restore-source");
    expect(restored?.leftBehind).toMatchObject({ "dumps passed over": 2 });

    const store = path.join(home, "store");
    const manifest = decodeManifest(await readFile(path.join(store, outcome.set!), "utf8"), "it");
    expect(manifest.source.name).toBe(older);
    const report = await readFile(path.join(store, fileOf(manifest, "report").name), "utf8");
    expect(JSON.parse(report)).toMatchObject({ dumpsPassedOver: outcome.dumpsPassedOver });

    const status = await runJson<Status>(["status", ...config]);
    expect(status.faults).toEqual([
      `the last run passed over the dump ${future}: it is named more than a day ahead of now`,
      expect.stringContaining(`the last run passed over the dump ${cut}: `),
    ]);
    expect(status.lag!.blocks).toBeGreaterThanOrEqual(0);
    const runs = path.join(store, "sample-runs");
    const [last] = (await readdir(runs))
      .filter((name) => !name.includes("evidence"))
      .sort()
      .reverse();
    const record = decodeRunRecord(await readFile(path.join(runs, last!), "utf8"), last!);
    expect(record.dumpsPassedOver).toHaveLength(2);

    // A source that is older than the sets: no lag below nothing.
    for (const name of (await readdir(dumps)).sort().slice(1)) await rm(path.join(dumps, name));
    const idle = await runJson<JobOutcome>(["daily", ...config], { env });
    expect(idle.published).toBe(false);
    expect((await runJson<Status>(["status", ...config])).lag!.blocks).toBe(0);
  } finally {
    await rm(home, { recursive: true });
  }
});
