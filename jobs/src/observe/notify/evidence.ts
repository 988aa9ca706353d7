// Gathers the evidence of a failed run, for operators, before it is gone.

import { cpus, freemem, loadavg, release, totalmem, uptime } from "node:os";
import { redact } from "@forklift/console";
import { ForkliftError } from "@forklift/pipeline";
import type { ServerSettings } from "@forklift/postgres";
import type { RunRecord } from "@forklift/sets";
import { peakMemory } from "@forklift/system";
import { maskConfig } from "../../config/mask-config.ts";
import type { Config } from "../../config/schema.ts";
import type { DiskSpace } from "../metrics/disk-space.ts";

/** Causes of causes; more than a few mean a circle. */
const CAUSES_MAX = 8;

export interface EvidenceInput {
  readonly record: RunRecord;
  readonly error: unknown;
  readonly config: Config;
  readonly logEvents: readonly unknown[];
  /** Or the sentence why they could not be read. */
  readonly databases: readonly (ServerSettings | string)[];
  readonly disk: readonly DiskSpace[];
  readonly secrets: readonly string[];
}

/** One JSON document without a secret in it. */
export function composeEvidence(input: EvidenceInput): string {
  const { record, error, config, logEvents, databases, disk, secrets } = input;
  const document = {
    version: 1,
    run: record,
    errors: errorsOf(error),
    config: maskConfig(config),
    databases,
    disk,
    memory: memory(),
    machine: {
      node: process.version,
      platform: `${process.platform} ${process.arch} ${release()}`,
      cpus: cpus().length,
      load: loadavg(),
      upSeconds: uptime(),
    },
    log: logEvents,
  };
  // Stringified first: what is no plain data, such as a bigint, must not hide a text in it.
  const plain: unknown = JSON.parse(
    JSON.stringify(document, (_key, value) => (typeof value === "bigint" ? `${value}` : value)),
  );
  return `${JSON.stringify(redact(plain, secrets), null, 2)}\n`;
}

function errorsOf(error: unknown) {
  const chain = [];
  let inner: unknown = error;
  while (inner instanceof Error && chain.length < CAUSES_MAX) {
    const { name, message, stack } = inner;
    const details = inner instanceof ForkliftError ? inner.details : undefined;
    chain.push({ name, message, stack: stack?.split("\n").slice(1), details });
    inner = inner.cause;
  }
  return chain.length === 0 ? [{ name: "Error", message: String(error) }] : chain;
}

/** In bytes. */
function memory() {
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    peakRss: peakMemory(),
    rss,
    heapUsed,
    external,
    machineTotal: totalmem(),
    machineFree: freemem(),
    /** Of the container; 0 or a huge number where there is no limit. */
    limit: process.constrainedMemory(),
  };
}
