import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "jobs/test/**/*.test.ts",
      "schemas/test/**/*.test.ts",
    ],
    // Real databases and real chains: the limit is there to end a hang, not to time anything.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
