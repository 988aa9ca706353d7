// The configuration of a job: every key, its type, its default. Unknown keys are errors.

import { FormatError, parseStateHash } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import { parseStoreUrl, STORAGE_CLASSES } from "@forklift/storage";
import cron from "node-cron";
import { z } from "zod";

/** What a replay does unless it is told otherwise, in a configuration or on the command line. */
export const REPLAY_DEFAULTS = {
  /**
   * Blocks between two checkpoints, some forty of them over all of mainnet. One takes seconds, and a
   * replay goes on from the database without any.
   */
  checkpointIntervalBlocks: 10_000,
  /** However slow a replay is, a crash never costs more than this. */
  checkpointIntervalMinutes: 10,
} as const;

/** A year of canonical blocks at the size that they had before they were full of proofs. */
export const CACHE_BYTES_MAX = 20_000_000_000;

const url = z.string().min(1);

/** A folder, a prefix or an object, as a URL or as a path. */
const place = z.string().superRefine((text, context) => {
  try {
    parseStoreUrl(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
});

/** Numbers come as text from the environment and from flags. */
const positiveInteger = z.coerce.number().int().positive();
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

const stateHash = z.string().transform((text, context) => {
  try {
    return parseStateHash(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

/** A class, and the age in days from which on a set's files are in it: `NEARLINE:30,ARCHIVE:365`. */
const storageClassAges = z.preprocess(
  (value) =>
    typeof value === "string"
      ? Object.fromEntries(value.split(",").map((part) => part.split(":")))
      : value,
  z.partialRecord(z.enum(STORAGE_CLASSES), positiveInteger),
);

/** What `forklift store prune` keeps; a set that any rule keeps stays. */
export const retentionSchema = z.strictObject({
  /** The newest so many sets. */
  last: positiveInteger.optional(),
  /** The newest set of each of the last so many days, weeks, months that have one (UTC). */
  daily: positiveInteger.optional(),
  weekly: positiveInteger.optional(),
  monthly: positiveInteger.optional(),
  /** Count only sets whose files were read and hold what the manifest says. */
  keepIfVerified: flag.optional(),
  storageClass: storageClassAges.optional(),
});

export type Retention = z.infer<typeof retentionSchema>;

export const configSchema = z.strictObject({
  /** A preset's name, the path of a preset file, or a preset written out. */
  network: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  /** Where the genesis ledger lies; default: the URL in the network preset. */
  genesisLedger: place.optional(),
  /** Default: the store of dumps that the network preset names. */
  source: z
    .strictObject({ dumps: place.optional(), database: url.optional() })
    .refine((source) => source.dumps === undefined || source.database === undefined, {
      message: "give either dumps, a store of dumps, or database, a live archive",
    })
    .prefault({}),
  target: z.strictObject({ store: place, database: url.optional() }),
  /** Asked in order; default: the place that the network preset names. */
  blocks: z
    .union([
      z.array(place).min(1),
      z
        .string()
        .min(1)
        .transform((text) => text.split(","))
        .pipe(z.array(place)),
    ])
    .optional(),
  /** Keeps blocks from remote places for the next run; least recently used are removed first. */
  cache: z
    .strictObject({ dir: z.string().min(1), maxBytes: positiveInteger.default(CACHE_BYTES_MAX) })
    .optional(),
  /** The state hash that is trusted; default: the preset's last pre-fork block, else the source's. */
  trustedStateHash: stateHash.optional(),
  /** The published genesis configuration of the fork; final compares its ledger hash and accounts. */
  forkGenesisConfig: place.optional(),
  /** Where the official tool writes something else: its form instead of ours. */
  official: z
    .strictObject({ vrfOutput: flag.default(false), genesis: place.optional() })
    .prefault({}),
  postgres: z.strictObject({ url: url.optional(), embedded: flag.optional() }).default({}),
  replay: z
    .strictObject({
      checkpointIntervalBlocks: positiveInteger.default(REPLAY_DEFAULTS.checkpointIntervalBlocks),
      checkpointIntervalMinutes: positiveInteger.default(REPLAY_DEFAULTS.checkpointIntervalMinutes),
      /** Cores that the replay may use; default: those of the machine. */
      threads: positiveInteger.optional(),
      /** Whether the balances that the old archive recorded are compared with the replay. */
      compareBalances: flag.default(true),
      /** Blocks, by state hash, whose ledger hash is not demanded, besides those of the preset. */
      ledgerHashExceptions: z
        .union([
          z.array(stateHash),
          z
            .string()
            .transform((text) => text.split(","))
            .pipe(z.array(stateHash)),
        ])
        .default([]),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      /** For `forklift schedule`; a scheduler of another kind needs none. */
      cron: z
        .string()
        .refine((expression) => cron.validate(expression), "not a cron expression")
        .optional(),
      timezone: z.string().refine(isTimezone, "not a time zone").default("UTC"),
      /** How long daily waits for tonight's dump; default: it takes the newest as it is. */
      waitForDumpMinutes: z.coerce.number().int().nonnegative().optional(),
      /** When it has not come by then, daily goes on with an older one. */
      allowOlderDump: flag.optional(),
    })
    .optional(),
  retention: retentionSchema.optional(),
  /** Served on the port while forklift runs, pushed to the gateway when a run ends. */
  metrics: z
    .strictObject({
      port: z.coerce.number().int().min(0).max(65_535).optional(),
      pushgateway: url.optional(),
    })
    .default({}),
  /** Where a run that failed is told of. The URL is a secret: whoever has it can write there. */
  notify: z
    .strictObject({ webhook: z.url(), format: z.enum(["json", "slack"]).default("json") })
    .optional(),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info"),
      format: z.enum(["auto", "pretty", "json"]).default("auto"),
    })
    .prefault({}),
});

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

export type Config = z.infer<typeof configSchema>;

/** Every key that the environment and `--set` may give, as the path in the configuration. */
export const CONFIG_KEYS = [
  "network",
  "genesisLedger",
  "source.dumps",
  "source.database",
  "target.store",
  "target.database",
  "blocks",
  "cache.dir",
  "cache.maxBytes",
  "trustedStateHash",
  "forkGenesisConfig",
  "official.vrfOutput",
  "official.genesis",
  "postgres.url",
  "postgres.embedded",
  "replay.checkpointIntervalBlocks",
  "replay.checkpointIntervalMinutes",
  "replay.threads",
  "replay.compareBalances",
  "replay.ledgerHashExceptions",
  "schedule.cron",
  "schedule.timezone",
  "schedule.waitForDumpMinutes",
  "schedule.allowOlderDump",
  "retention.last",
  "retention.daily",
  "retention.weekly",
  "retention.monthly",
  "retention.keepIfVerified",
  "retention.storageClass",
  "metrics.port",
  "metrics.pushgateway",
  "notify.webhook",
  "notify.format",
  "log.level",
  "log.format",
] as const;

export type ConfigKey = (typeof CONFIG_KEYS)[number];

/** `replay.checkpointIntervalBlocks` → `FORKLIFT_REPLAY_CHECKPOINT_INTERVAL_BLOCKS`. */
export function environmentName(key: ConfigKey): string {
  return `FORKLIFT_${key
    .replaceAll(".", "_")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toUpperCase()}`;
}
