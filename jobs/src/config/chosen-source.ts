// The source of one run, where an option chooses another one than the configuration: in place of the whole
// section, so that a live archive can be read by a configuration of dumps, and dumps by one of an archive.

import { ConfigError } from "@forklift/pipeline";
import { issuesText } from "@forklift/system";
import { type Config, configSchema } from "./schema.ts";

export interface SourceOptions {
  readonly sourceDb?: string;
  readonly sourceDumps?: string;
}

/** @throws ConfigError for what is no database, or no place; no value is quoted, for any may be a secret. */
export function withChosenSource(config: Config, options: SourceOptions): Config {
  const { sourceDb, sourceDumps } = options;
  if (sourceDb === undefined && sourceDumps === undefined) return config;
  const [option, given] =
    sourceDb === undefined
      ? ["--source-dumps", { dumps: sourceDumps }]
      : ["--source-db", { database: sourceDb }];
  const result = configSchema.shape.source.safeParse(given);
  if (result.success) return { ...config, source: result.data };
  throw new ConfigError(`${option}: ${issuesText(result.error)}`, {
    hint: `correct ${option}, which takes what source.${sourceDb === undefined ? "dumps" : "database"} does`,
  });
}
