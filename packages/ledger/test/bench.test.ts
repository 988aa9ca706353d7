// The benchmark runs and prints its figures; what they are is not for a test to judge.

import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";

test("npm run bench:ledger prints one JSON document on demand", () => {
  const program = path.join(import.meta.dirname, "../bench/poseidon.js");
  const output = execFileSync(process.execPath, [program, "--json"], { encoding: "utf8" });
  const figures = JSON.parse(output) as Record<string, number>;
  for (const figure of ["wasmPermutationUs", "bigintPermutationUs", "speedup", "assemblyMs"]) {
    expect(figures[figure]).toBeGreaterThan(0);
  }
});
