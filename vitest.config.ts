import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "{packages,apps}/*/test/**/*.test.ts",
      "{jobs,schemas,k8s}/test/**/*.test.ts",
      "scripts/*.test.ts",
    ],
    // Most tests wait for the command in a process of its own, or for PostgreSQL.
    maxWorkers: 2,
    globalSetup: "packages/testkit/dist/shared-server.js",
    reporters: ["default", "./scripts/count-reporter.ts"],
    // Real databases and real chains: the limit is there to end a hang, not to time anything.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
