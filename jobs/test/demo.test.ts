// The demo, from a built clone: with its stores in folders, and with its stores in buckets.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const DEMO = path.join(import.meta.dirname, "../../scripts/demo");
const run = promisify(execFile);

describe("the demo", () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-demo-"));
  });
  afterAll(() => rm(home, { recursive: true }));

  test.each([
    ["with its stores in folders", []],
    ["with its stores in buckets", ["--gcs"]],
  ])(
    "primes, goes on for two nights, rehearses, does without an archive and explains, %s",
    { tags: ["only-in-all"] },
    async (_what, options) => {
      const out = path.join(home, `out${options.length}`);
      const env = { PATH: process.env["PATH"], HOME: home, FORKLIFT_POSTGRES_EMBEDDED: "true" };
      const { stdout } = await run(DEMO, [...options, "--out", out], { env });
      expect(stdout.match(/published sample-set-/g)).toHaveLength(4);
      expect(stdout).toMatch(
        /From block files and one hash alone came the same \d+ tables as from/,
      );
      expect(stdout).toMatch(/dry run of final: verified up to 3N\w+ at height 400/);
      expect(
        stdout.match(/^hand-over: .*\/sample-dry-run-hand-over-400-3N\w+\.(json|txt)$/gm),
      ).toHaveLength(2);
      expect(stdout).toMatch(/asked them of heights \d{3} to 380\. What lies below was proven/);
      expect(stdout).toMatch(/25 independent checks, \d+ comparisons, no difference\.$/m);
    },
  );

  test("an unknown option is refused, and one without its value", async () => {
    await expect(run(DEMO, ["--fast"])).rejects.toMatchObject({ code: 64 });
    await expect(run(DEMO, ["--gcs", "--out"])).rejects.toMatchObject({ code: 64 });
  });
});
