// Prints every value of the configuration, where it came from, and the variable that would set it.

import { availableParallelism } from "node:os";
import { type Column, redact, table } from "@forklift/console";
import { derivedGenesisNote, type Network } from "@forklift/network";
import { stateFolder } from "@forklift/system";
import type { Origin } from "./config-faults.ts";
import { secretsOfConfig } from "./config-secrets.ts";
import { getAt, type LoadedConfig } from "./load-config.ts";
import { maskConfig, maskUrls } from "./mask-config.ts";
import { CONFIG_KEYS, type Config, type ConfigKey, environmentName } from "./schema.ts";

export interface Explanation {
  readonly key: ConfigKey;
  /** What holds, secrets masked, be it a default; null where that is no value, but something done. */
  readonly value: unknown;
  readonly from: Origin;
  /** What holds where the value is null, as a sentence; null beside a value. */
  readonly otherwise: string | null;
  readonly environment: string;
  /** What else there is to say of the value, as a sentence. */
  readonly note?: string;
}

const COLUMNS: readonly Column[] = [
  { title: "key" },
  { title: "value" },
  { title: "from" },
  { title: "environment" },
];

export function explanationTable(explained: readonly Explanation[]): string {
  const values = table(
    COLUMNS,
    explained.map(({ key, value, from, otherwise, environment }) => [
      key,
      value === null ? `(${otherwise})` : textOf(value),
      from,
      environment,
    ]),
  );
  const notes = explained.flatMap(({ note }) => (note === undefined ? [] : [`note: ${note}`]));
  return [values, ...notes].join("\n\n");
}

/**
 * The same as plain data.
 * @param network whose preset names what the configuration leaves out.
 * @param secrets of the variables of the process, which are masked wherever they stand.
 */
export function explanations(
  { config, origins }: LoadedConfig,
  network: Network | null = null,
  secrets: readonly string[] = [],
): readonly Explanation[] {
  const hidden = [...secretsOfConfig(config), ...secrets];
  const set = redact(maskConfig(config), hidden);
  const note = network === null ? null : derivedGenesisNote(network, false);
  const implied = redact(maskUrls(network === null ? {} : ofPreset(config, network)), hidden);
  return CONFIG_KEYS.map((key) => {
    const ofPreset = (implied as Partial<Record<ConfigKey, unknown>>)[key] ?? null;
    const value = getAt(set, key) ?? ofPreset ?? ofMachine(key);
    const isSet = getAt(set, key) !== undefined;
    return {
      key,
      value,
      from: !isSet && ofPreset !== null ? "preset" : origins.get(key)!,
      otherwise: value === null ? OTHERWISE[key] : null,
      environment: environmentName(key),
      ...(key === "network" && note !== null ? { note } : {}),
    };
  });
}

function ofPreset({ source }: Config, network: Network): Partial<Record<ConfigKey, unknown>> {
  const { genesis, dumps, blocks, lastPreForkBlock, final } = network;
  return {
    genesisLedger: genesis.ledgerUrl,
    "source.dumps": source.database === undefined && !source.blocks ? dumps.url : null,
    blocks: blocks.url === null ? null : [blocks.url],
    trustedStateHash: lastPreForkBlock?.stateHash ?? null,
    "final.minConfirmations": final.minConfirmations,
  };
}

function ofMachine(key: ConfigKey): unknown {
  if (key === "replay.threads") return availableParallelism();
  if (key === "work.dir") return stateFolder("forklift");
  return DEFAULTS[key] ?? null;
}

/** Of sections that need not be there at all. */
const DEFAULTS: Readonly<Partial<Record<ConfigKey, unknown>>> = {
  "schedule.timezone": "UTC",
  "schedule.waitForDumpMinutes": 0,
  "schedule.allowOlderDump": false,
  "retention.keepIfVerified": false,
};

const NONE = "none";

/** What holds where neither the configuration nor its schema says anything. */
const OTHERWISE: Readonly<Record<ConfigKey, string>> = {
  network: NONE,
  genesisLedger: "the preset's",
  "source.dumps": "the preset's, without source.database or source.blocks",
  "source.database": "none, a dump is restored",
  "source.blocks": NONE,
  "target.store": NONE,
  "target.database": "a database of the run's own",
  blocks: "the preset's",
  "cache.dir": "none, nothing is kept",
  "cache.maxBytes": "none, nothing is kept",
  trustedStateHash: "the preset's last pre-fork block, else the source's",
  history: NONE,
  requireOrphans: NONE,
  heal: NONE,
  signatures: "new in daily, final and follow, none in prime",
  agree: NONE,
  forkGenesisConfig: "none, nothing is compared",
  "final.minConfirmations": "the preset's",
  "official.vrfOutput": NONE,
  "official.genesis": "none, our own form",
  "postgres.url": "a server that is started for the run",
  "postgres.embedded": "the machine's PostgreSQL, else the embedded one",
  "replay.checkpointIntervalBlocks": NONE,
  "replay.checkpointIntervalMinutes": NONE,
  "replay.threads": NONE,
  "replay.compareBalances": NONE,
  "replay.ledgerHashExceptions": NONE,
  "work.dir": NONE,
  "verify.compareCreationFees": NONE,
  "schedule.cron": "none, somebody else starts daily",
  "schedule.timezone": NONE,
  "schedule.waitForDumpMinutes": NONE,
  "schedule.allowOlderDump": NONE,
  "follow.intervalSeconds": NONE,
  "follow.pauseMs": NONE,
  "follow.statementTimeoutSeconds": NONE,
  "follow.publish": NONE,
  "retention.last": "no such rule",
  "retention.daily": "no such rule",
  "retention.weekly": "no such rule",
  "retention.monthly": "no such rule",
  "retention.keepIfVerified": NONE,
  "retention.storageClass": "no class is changed",
  "metrics.port": "none, nothing is served",
  "metrics.pushgateway": "none, nothing is pushed",
  "notify.webhook": "none, nobody is told",
  "notify.format": "none, nobody is told",
  "log.level": NONE,
  "log.format": NONE,
};

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
