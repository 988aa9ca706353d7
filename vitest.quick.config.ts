import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import { filesOnlyInAll, ONLY_IN_ALL } from "./scripts/suite/only-in-all.js";
import whole from "./vitest.config.ts";

/** The quick suite, `npm test`: what keeps a change from going wrong, in minutes. */
export default mergeConfig(
  whole,
  defineConfig({
    test: {
      tagsFilter: [`!${ONLY_IN_ALL}`],
      exclude: [...configDefaults.exclude, ...filesOnlyInAll(import.meta.dirname)],
    },
  }),
);
