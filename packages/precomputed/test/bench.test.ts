// The benchmark runs and prints its figures; what they are is not for a test to judge.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";

test("the benchmark prints one JSON document on demand", () => {
  const program = path.join(import.meta.dirname, "../bench/fetch.js");
  const output = execFileSync(
    process.execPath,
    [...[program, "--json", "--blocks", "300", "--bytes-per-block", "50000"]],
    {
      encoding: "utf8",
    },
  );
  const { fetch, verify } = JSON.parse(output) as Record<string, Record<string, number>>;
  expect(fetch).toMatchObject({ blocks: 300 });
  expect(fetch!["bytes_per_block"]).toBeGreaterThan(49_999);
  expect(fetch!["bar"]).toBeGreaterThan(fetch!["bare_seconds"]!);
  expect(verify).toMatchObject({ blocks: 300 });
  const figures = [fetch!["seconds"], fetch!["bare_seconds"], verify!["commands"]];
  for (const figure of [...figures, verify!["seconds"], verify!["digest_seconds"]]) {
    expect(figure).toBeGreaterThan(0);
  }
});
