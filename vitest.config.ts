import { defineConfig } from "vitest/config";
import { ONLY_IN_ALL } from "./scripts/suite/only-in-all.js";

/** The whole suite: `npm run test:all`, or a file of it. `vitest.quick.config.ts` leaves some out. */
export default defineConfig({
  test: {
    include: [
      "{packages,apps}/*/test/**/*.test.ts",
      "{jobs,schemas,k8s}/test/**/*.test.ts",
      "scripts/**/*.test.ts",
    ],
    tags: [{ name: ONLY_IN_ALL, description: "takes long; the quick suite leaves it out" }],
    // Most tests wait for the command in a process of its own, or for PostgreSQL.
    maxWorkers: 2,
    // What test files import is loaded once for each worker, which halves what a small file takes. No test
    // changes a module, so none sees what another has done.
    isolate: false,
    // Packages are loaded as they were built, by Node itself: half the time that a file takes to begin.
    server: { deps: { external: [/\/(packages|apps|schemas)\/.*dist\//] } },
    globalSetup: "packages/testkit/dist/shared-server.js",
    reporters: ["default", "./scripts/suite/count-reporter.ts"],
    // Real databases and real chains: the limit is there to end a hang, not to time anything.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
