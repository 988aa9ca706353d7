// `follow` by a configuration, in the process of the test: what it logs and serves can be looked at while it
// goes on.

import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { SampleNetwork } from "@forklift/testkit";
import pino from "pino";
import { loadConfig } from "../../src/config/load-config.ts";
import { openMonitor } from "../../src/observe/metrics/monitor.ts";
import type { FollowSummary } from "../../src/run/follow/follow.ts";
import { followByConfig } from "../../src/run/follow/follow-by-config.ts";

export interface Followable {
  /** Of the test: its store, its work folder and its configuration lie there. */
  readonly home: string;
  readonly network: SampleNetwork;
  /** Null follows the block files. */
  readonly sourceUrl: string | null;
  readonly targetUrl: string;
  /** Default: the folder of the network. */
  readonly blocks?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface Following {
  /** As a first SIGTERM does. */
  stop(): void;
  readonly ended: Promise<FollowSummary>;
  /** Messages of the log so far, each with its fields. */
  readonly told: readonly (Readonly<Record<string, unknown>> & { readonly msg: string })[];
  /** What a page of the metrics server says. */
  page(name: string): Promise<{ readonly status: number; readonly text: string }>;
}

/** A second, the shortest interval of a configuration. */
const INTERVAL_MS = 1_000;

async function writeFollowConfig(followed: Followable): Promise<string> {
  const { home, network, sourceUrl, targetUrl, blocks, more = {} } = followed;
  const file = path.join(home, "forklift.yaml");
  // JSON is YAML.
  const content = {
    network: path.join(network.folder, "network.yaml"),
    genesisLedger: path.join(network.folder, "genesis-ledger.json"),
    source: sourceUrl === null ? { blocks: true } : { database: sourceUrl },
    target: { store: path.join(home, "store"), database: targetUrl },
    blocks: [blocks ?? path.join(network.folder, "blocks")],
    work: { dir: path.join(home, "work") },
    metrics: { port: 0 },
    ...more,
  };
  await writeFile(file, JSON.stringify(content));
  return file;
}

export async function startFollowing(followed: Followable): Promise<Following> {
  const file = await writeFollowConfig(followed);
  const { config } = await loadConfig({ file, settings: [], environment: {} });
  const stop = new AbortController();
  const told: Following["told"][number][] = [];
  const write = (line: string) => told.push(JSON.parse(line));
  const environment = {
    log: pino({}, { write }),
    signal: stop.signal,
    now: () => performance.now(),
    date: () => new Date(),
    progressLine: null,
  };
  const monitor = await openMonitor(config, environment);
  const options = {
    intervalMs: INTERVAL_MS,
    pauseMs: 0,
    blocksMax: 25,
    statementTimeoutMs: 600_000,
  };
  const ended = followByConfig(config, options, { ...environment, monitor }).finally(() =>
    monitor[Symbol.asyncDispose](),
  );
  // Whoever awaits it later is told.
  ended.catch(() => undefined);
  return {
    ...{ ended, told },
    stop: () => stop.abort(),
    async page(name) {
      const response = await fetch(`http://127.0.0.1:${monitor.port}/${name}`);
      return { status: response.status, text: await response.text() };
    },
  };
}
