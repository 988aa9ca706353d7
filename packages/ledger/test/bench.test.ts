// The benchmark runs and prints its figures; what they are is not for a test to judge.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";
import { hasMainnetData } from "./mainnet-data.ts";

const PROGRAM = path.join(import.meta.dirname, "../bench/ledger.js");

const run = (...args: string[]) =>
  execFileSync(process.execPath, [PROGRAM, "--quick", ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

const positive = expect.toSatisfy((figure: unknown) => typeof figure === "number" && figure > 0);

/** Null on a machine without a compiler, or without that library. */
const positiveOrNull = expect.toSatisfy(
  (figure: unknown) => figure === null || (typeof figure === "number" && figure > 0),
);

const others = { batch_us: positive, bigint_us: positive, mina_signer_us: positive };

test("npm run bench:ledger prints one JSON document with every figure", () => {
  const document = JSON.parse(run("--json")) as { replay: unknown; state_hash: unknown };
  expect(document).toStrictEqual({
    permutation: { wasm_us: positive, ...others, c_us: positiveOrNull },
    kimchi: { wasm_us: positive, ...others, o1js_us: positiveOrNull },
    threads: { count: positive, us: positive },
    replay: hasMainnetData
      ? { blocks: 100, seconds: positive, permutations: positive, hash_seconds: positive }
      : null,
    state_hash: hasMainnetData ? { us: positive, hash_us: positive } : null,
    signatures: {
      block_us: positive,
      many_us: positive,
      alone_us: positive,
      permutations: positive,
    },
    accounts: { mb_per_100k: positive },
    flat: { us_per_block_2k: positive, us_per_block_500k: positive },
  });
});

test("it measures the parts that it is asked for, as a table for people", () => {
  const lines = run("--only", "kimchi").trimEnd().split("\n");
  expect(lines[0]).toBe("kimchi");
  expect(lines).toHaveLength(6);
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {2,}[0-9.-]+ +µs {2}\S/);
  expect(() => run("--only", "nothing")).toThrow(/Command failed/);
});
