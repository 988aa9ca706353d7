// What tests of follow begin with that open it themselves: a configuration of a sample's folder, an environment that
// prints nothing, and limits that no small source reaches.

import path from "node:path";
import pino from "pino";
import { type Config, configSchema } from "../../src/config/schema.ts";

interface Places {
  /** Of the sample: preset, genesis ledger and block files. */
  readonly folder: string;
  /** For the store and the work folder. */
  readonly home: string;
  readonly sourceUrl: string;
  readonly targetUrl: string;
}

export function followedConfig(
  { folder, home, sourceUrl, targetUrl }: Places,
  more: Partial<Pick<Config, "history">> = {},
): Config {
  return configSchema.parse({
    network: path.join(folder, "network.yaml"),
    genesisLedger: path.join(folder, "genesis-ledger.json"),
    source: { database: sourceUrl },
    target: { store: path.join(home, "store"), database: targetUrl },
    blocks: [path.join(folder, "blocks")],
    work: { dir: path.join(home, "work") },
    ...more,
  });
}

export function quietEnvironment() {
  return {
    log: pino({ level: "silent" }),
    signal: new AbortController().signal,
    now: () => performance.now(),
    date: () => new Date(),
    progressLine: null,
  };
}

export const WIDE_LIMITS = { blocksMax: 25, pauseMs: 0, statementTimeoutMs: 600_000 };
