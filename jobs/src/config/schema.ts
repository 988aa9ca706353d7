// The configuration of a job: every key, its type, its default. Unknown keys are errors.

import { HISTORIES, parseSignatureShare, parseStateHash } from "@forklift/chain";
import { CACHE_BYTES_MAX } from "@forklift/precomputed";
import { REPLAY_DEFAULTS } from "@forklift/replayer";
import { STORAGE_CLASSES } from "@forklift/storage";
import { checkedText, parsedText } from "@forklift/system";
import cron from "node-cron";
import { z } from "zod";
import {
  databaseUrl,
  flag,
  listOf,
  localFolder,
  place,
  positiveInteger,
  serverUrl,
  webUrl,
  wholeNumber,
} from "./values.ts";

const stateHash = parsedText(parseStateHash);

/** A class, and the age in days from which on a set's files are in it: `NEARLINE:30,ARCHIVE:365`. */
const storageClassAges = z.preprocess(
  (value) => (typeof value === "string" ? agesOf(value) : value),
  z.partialRecord(z.enum(STORAGE_CLASSES), positiveInteger, {
    error: `expected CLASS:DAYS,… with the classes ${STORAGE_CLASSES.join(", ")}`,
  }),
);

/** The text itself where it is not CLASS:DAYS,… with each class once. */
function agesOf(text: string): unknown {
  const pairs = text.split(",").map((part) => part.split(":"));
  const classes = new Set(pairs.map(([name]) => name));
  const isGood = classes.size === pairs.length && pairs.every((pair) => pair.length === 2);
  return isGood ? Object.fromEntries(pairs) : text;
}

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

const cronExpression = z.string().refine((expression) => cron.validate(expression), {
  message: 'not a cron expression that ever fires, such as "0 2 * * *"',
});

/** PostgreSQL counts its limit in milliseconds, up to 2^31 - 1. */
export const STATEMENT_TIMEOUT_MAX_SECONDS = 2_147_483;

const EXPECTED_NETWORK =
  "expected the name of a network preset, the path of a preset file, or a preset";

export const configSchema = z.strictObject({
  /** A preset's name, the path of a preset file, or a preset written out. */
  network: z.union(
    [z.string().min(1).refine(isNoUrl, EXPECTED_NETWORK), z.record(z.string(), z.unknown())],
    {
      error: EXPECTED_NETWORK,
    },
  ),
  /** Location of the genesis ledger; default: the URL in the network preset. */
  genesisLedger: place.optional(),
  /** Default: the store of dumps that the network preset names. */
  source: z
    .strictObject({
      dumps: place.optional(),
      database: databaseUrl.optional(),
      /** No archive at all: every row comes from block files. */
      blocks: flag.default(false),
    })
    .refine((source) => sourcesIn(source) <= 1, {
      message:
        "give one of dumps, a store of dumps, database, a live archive, or blocks: true, block files alone",
      when: isMapping,
    })
    .prefault({}),
  target: z.strictObject({ store: place, database: databaseUrl.optional() }),
  /** Tried in order; default: the source that the network preset names. */
  blocks: listOf(place, { min: 1 }).optional(),
  /** Keeps blocks of remote sources for the next run; least recently used are removed first. */
  cache: z
    .strictObject({ dir: localFolder, maxBytes: positiveInteger.default(CACHE_BYTES_MAX) })
    .optional(),
  /** The state hash that is trusted; default: the preset's last pre-fork block, else the source's. */
  trustedStateHash: stateHash.optional(),
  /** Which blocks of the source are kept: those of the chain, or what lies beside it as well. */
  history: z.enum(HISTORIES).default("canonical"),
  /** Whether a run stops at a block beside the chain that it cannot keep, instead of leaving it out. */
  requireOrphans: flag.default(false),
  /** Whether what the source lacks or has otherwise is taken from block files, where it is settled. */
  heal: flag.default(false),
  /**
   * Of which blocks the signatures of user commands are checked: all, new, none, or N% of the new ones; default: new in
   * daily, final and follow, none in prime.
   */
  signatures: checkedText(parseSignatureShare).optional(),
  /** How many sources must hold the same commands of a block: the source archive, and each of `blocks`. */
  agree: positiveInteger.default(1),
  /** The published genesis configuration of the fork; final compares its ledger hash and accounts. */
  forkGenesisConfig: place.optional(),
  final: z
    .strictObject({
      /**
       * Blocks that must stand above the last one of a final run, where neither preset nor fork configuration
       * names it; default: the preset's.
       */
      minConfirmations: wholeNumber({ min: 0 }).optional(),
    })
    .prefault({}),
  /** Where the official tool writes something else: its form instead of ours. */
  official: z
    .strictObject({ vrfOutput: flag.default(false), genesis: place.optional() })
    .prefault({}),
  postgres: z
    .strictObject({ url: serverUrl.optional(), embedded: flag.optional() })
    .refine(({ url, embedded }) => url === undefined || embedded !== true, {
      message: "give either url, a server that runs, or embedded, one that is started for the run",
      when: isMapping,
    })
    .default({}),
  replay: z
    .strictObject({
      checkpointIntervalBlocks: positiveInteger.default(REPLAY_DEFAULTS.checkpointIntervalBlocks),
      checkpointIntervalMinutes: positiveInteger.default(REPLAY_DEFAULTS.checkpointIntervalMinutes),
      /** Cores that the replay may use; default: those of the machine. */
      threads: positiveInteger.optional(),
      /** Whether the balances that the old archive recorded are compared with the replay. */
      compareBalances: flag.default(true),
      /** Blocks, by state hash, whose ledger hash is not demanded, besides those of the preset. */
      ledgerHashExceptions: listOf(stateHash, { min: 0 }).default([]),
    })
    .prefault({}),
  work: z
    .strictObject({
      /** Where runs keep what an interrupted one goes on with; default: the user's folder for state. */
      dir: localFolder.optional(),
    })
    .prefault({}),
  verify: z
    .strictObject({
      /** Whether the creation fees that the old archive recorded are compared, at audit and at the end. */
      compareCreationFees: flag.default(true),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      /** For `forklift schedule`; a scheduler of another kind needs none. */
      cron: cronExpression.optional(),
      timezone: z
        .string()
        .refine(isTimezone, "not a time zone, such as UTC or Europe/Berlin")
        .default("UTC"),
      /** How long daily waits for tonight's dump; default: it takes the newest as it is. */
      waitForDumpMinutes: wholeNumber({ min: 0 }).optional(),
      /** When it has not come by then, daily goes on with an older one. */
      allowOlderDump: flag.optional(),
    })
    .optional(),
  /** Of `forklift follow`, whose source is source.database or source.blocks, and whose target is target.database. */
  follow: z
    .strictObject({
      /** From the begin of one cycle to the begin of the next. */
      intervalSeconds: positiveInteger.default(60),
      /** How long the source is left alone between two reads. */
      pauseMs: wholeNumber({ min: 0 }).default(0),
      /** How long the source works on one statement of ours at most. */
      statementTimeoutSeconds: wholeNumber({ min: 1, max: STATEMENT_TIMEOUT_MAX_SECONDS }).default(
        600,
      ),
      /** When a set is published, as a cron expression in schedule.timezone; or never. */
      publish: z
        .union([z.literal("never"), cronExpression], {
          error: 'expected never, or a cron expression that fires, such as "0 2 * * *"',
        })
        .default("never"),
    })
    .prefault({}),
  retention: retentionSchema.optional(),
  /** Served on the port while forklift runs, pushed to the gateway when a run ends. */
  metrics: z
    .strictObject({
      port: wholeNumber({ min: 0, max: 65_535 }).optional(),
      pushgateway: webUrl.optional(),
    })
    .default({}),
  /** Receives the notice of a failed run. The URL is a secret: whoever has it can write there. */
  notify: z
    .strictObject({ webhook: webUrl, format: z.enum(["json", "slack"]).default("json") })
    .optional(),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info"),
      format: z.enum(["auto", "pretty", "json"]).default("auto"),
    })
    .prefault({}),
});

function sourcesIn({
  dumps,
  database,
  blocks,
}: {
  readonly dumps?: unknown;
  readonly database?: unknown;
  readonly blocks?: unknown;
}): number {
  return [dumps !== undefined, database !== undefined, blocks === true].filter(Boolean).length;
}

/** A contradiction is told of beside all other faults of the same section. */
function isMapping({ value }: { readonly value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}

/** Presets are read from this machine alone. */
function isNoUrl(text: string): boolean {
  return !text.includes("://");
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

export type Config = z.infer<typeof configSchema>;

/** The defaults of every section, for a command that takes its places from options. */
export function settingsWithout(): Omit<Config, "network" | "source" | "target"> {
  return configSchema.omit({ network: true, source: true, target: true }).parse({});
}

/** Every key that the environment and `--set` may give, as the path in the configuration. */
export const CONFIG_KEYS = [
  "network",
  "genesisLedger",
  "source.dumps",
  "source.database",
  "source.blocks",
  "target.store",
  "target.database",
  "blocks",
  "cache.dir",
  "cache.maxBytes",
  "trustedStateHash",
  "history",
  "requireOrphans",
  "heal",
  "signatures",
  "agree",
  "forkGenesisConfig",
  "final.minConfirmations",
  "official.vrfOutput",
  "official.genesis",
  "postgres.url",
  "postgres.embedded",
  "replay.checkpointIntervalBlocks",
  "replay.checkpointIntervalMinutes",
  "replay.threads",
  "replay.compareBalances",
  "replay.ledgerHashExceptions",
  "work.dir",
  "verify.compareCreationFees",
  "schedule.cron",
  "schedule.timezone",
  "schedule.waitForDumpMinutes",
  "schedule.allowOlderDump",
  "follow.intervalSeconds",
  "follow.pauseMs",
  "follow.statementTimeoutSeconds",
  "follow.publish",
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
