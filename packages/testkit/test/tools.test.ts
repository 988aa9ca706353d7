// A test about a program that is not there is skipped, and in CI is an error.

import { afterEach, describe, expect, test, vi } from "vitest";
import { isToolMissing } from "../src/tools.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a program that a test needs", () => {
  test("is there, in CI as anywhere", () => {
    vi.stubEnv("CI", "1");
    expect(isToolMissing("sh")).toBe(false);
  });

  test("may be missing on somebody's machine, or be no program", () => {
    vi.stubEnv("CI", undefined);
    expect(isToolMissing("no-such-program")).toBe(true);
    vi.stubEnv("PATH", import.meta.dirname);
    expect(isToolMissing("tools.test.ts")).toBe(true);
  });

  test("must not be missing in CI", () => {
    vi.stubEnv("CI", "1");
    expect(() => isToolMissing("no-such-program")).toThrow(
      "there is no no-such-program on PATH; add its package to .ci/packages",
    );
  });
});
