// The configuration of a job: every key, its type, its default. Unknown keys are errors.

import { FormatError, parseStateHash } from "@forklift/chain";
import cron from "node-cron";
import { z } from "zod";

/** What a replay does unless it is told otherwise, in a configuration or on the command line. */
export const REPLAY_DEFAULTS = {
  /** Blocks between two checkpoints: at mainnet's rate about two days of the chain. */
  checkpointIntervalBlocks: 500,
  /** However slow a replay is, a crash never costs more than this. */
  checkpointIntervalMinutes: 10,
} as const;

/** A year of canonical blocks at the size that they had before they were full of proofs. */
export const CACHE_BYTES_MAX = 20_000_000_000;

const url = z.string().min(1);

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

export const configSchema = z.strictObject({
  /** A preset's name, the path of a preset file, or a preset written out. */
  network: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  /** Where the genesis ledger lies; default: the URL in the network preset. */
  genesisLedger: url.optional(),
  source: z
    .strictObject({ dumps: url.optional(), database: url.optional() })
    .refine((source) => (source.dumps === undefined) !== (source.database === undefined), {
      message: "give either dumps, a store of dumps, or database, a live archive",
    }),
  target: z.strictObject({ store: url, database: url.optional() }),
  blocks: z.union([
    z.array(url).min(1),
    z
      .string()
      .min(1)
      .transform((text) => text.split(",")),
  ]),
  /** Keeps blocks from remote places for the next run; least recently used are removed first. */
  cache: z
    .strictObject({ dir: z.string().min(1), maxBytes: positiveInteger.default(CACHE_BYTES_MAX) })
    .optional(),
  /** The state hash that is trusted; default: the preset's last pre-fork block, else the source's. */
  trustedStateHash: stateHash.optional(),
  /** Where the official tool writes something else: its form instead of ours. */
  official: z
    .strictObject({ vrfOutput: flag.default(false), genesis: url.optional() })
    .prefault({}),
  postgres: z.strictObject({ url: url.optional(), embedded: flag.optional() }).default({}),
  replay: z
    .strictObject({
      checkpointIntervalBlocks: positiveInteger.default(REPLAY_DEFAULTS.checkpointIntervalBlocks),
      checkpointIntervalMinutes: positiveInteger.default(REPLAY_DEFAULTS.checkpointIntervalMinutes),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      cron: z.string().refine((expression) => cron.validate(expression), "not a cron expression"),
      timezone: z.string().default("UTC"),
    })
    .optional(),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info"),
      format: z.enum(["auto", "pretty", "json"]).default("auto"),
    })
    .prefault({}),
});

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
  "official.vrfOutput",
  "official.genesis",
  "postgres.url",
  "postgres.embedded",
  "replay.checkpointIntervalBlocks",
  "replay.checkpointIntervalMinutes",
  "schedule.cron",
  "schedule.timezone",
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
