import { defineConfig } from "vitest/config";
import whole from "./vitest.config.ts";
import quick from "./vitest.quick.config.ts";

/**
 * Where the time goes: `npm run test:times` for the quick suite, `npm run test:times:all` for the whole
 * one, `-- FILE…` behind either for some of its files.
 */
export default defineConfig(({ mode }) => ({
  test: {
    ...(mode === "all" ? whole : quick).test,
    // One at a time: what happens meanwhile is put down to the file.
    maxWorkers: 1,
    setupFiles: ["./scripts/suite/timed-kinds.ts"],
    reporters: ["./scripts/suite/times-reporter.ts", "./scripts/suite/count-reporter.ts"],
    silent: true,
  },
}));
